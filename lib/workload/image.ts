import { ImagePullPolicy } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';
import { isLabelValue } from '../private/names';
import { Severity } from '../review/finding';

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
// With a dot or a port: without them, the registry's clients take it for a part of the path.
const HOST = '(?=[^/]*[.:])(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?';
const DIGEST = 'sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}';
/** https://github.com/distribution/reference */
const REFERENCE = new RegExp(`^(?:${HOST}/)?${COMPONENT}(?:/${COMPONENT})*(?::([A-Za-z0-9_][-A-Za-z0-9_.]{0,127}))?(?:@(${DIGEST}))?$`);

/** What an image reference says about the pods. */
export interface Image {
  readonly pullPolicy: ImagePullPolicy;

  /** The value of the label `app.kubernetes.io/version`, if the reference has one. */
  readonly version?: string;
}

/** Whether this can name an image. */
export function isImageReference(image: string): boolean {
  return typeof image === 'string' && REFERENCE.test(image);
}

/** Checks an image reference. */
export function bindImage(inspection: Inspection, image: string, pullPolicy?: ImagePullPolicy): Image {
  const match = isImageReference(image) && REFERENCE.exec(image);
  if (!match) {
    inspection.fault('image', image, image ? 'is no image reference' : 'is empty', "give one such as 'registry.example.com/team/web:1.4.2'");
    return { pullPolicy: ImagePullPolicy.IF_NOT_PRESENT };
  }
  const [, tag, digest] = match;
  const moving = !digest && (tag === undefined || tag === 'latest');
  if (moving) {
    inspection.finding('HA-D7', {
      message: `image: '${image}' ${tag ? "has the tag 'latest'" : 'has no tag'}: pods of one version may run different code, and there is nothing to roll back to`,
      remedy: "name a version, such as ':1.4.2', or a digest",
    });
  } else if (pullPolicy === ImagePullPolicy.ALWAYS) {
    inspection.finding('HA-D7', {
      message: 'imagePullPolicy: with Always no pod can restart while the registry is down, not even where the image is already on the node',
      remedy: 'leave imagePullPolicy out',
      severity: Severity.INFORMATION,
    });
  }
  return {
    pullPolicy: pullPolicy ?? (moving ? ImagePullPolicy.ALWAYS : ImagePullPolicy.IF_NOT_PRESENT),
    ...(tag && isLabelValue(tag) && { version: tag }),
  };
}
