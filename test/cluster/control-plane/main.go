// One binary that is every component of a Kubernetes control plane, chosen by
// its first argument:
//
//	control-plane etcd|apiserver|controller-manager|scheduler|kubectl [flags]
//
// One program links the packages that the components share only once, so it
// takes a fraction of the time and the disk that five separate builds would.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("no component given")
	}
	component := os.Args[1]
	// Every component parses os.Args itself and expects its own name first.
	os.Args = append([]string{component}, os.Args[2:]...)

	switch component {
	case "etcd":
		etcdmain.Main(os.Args)
	case "apiserver":
		serve(apiserver.NewAPIServerCommand())
	case "controller-manager":
		serve(controllermanager.NewControllerManagerCommand())
	case "scheduler":
		serve(scheduler.NewSchedulerCommand())
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			kubectlutil.CheckErr(err)
		}
	default:
		fail(fmt.Sprintf("unknown component %q", component))
	}
}

// serve runs a component until it is told to stop.
func serve(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func fail(problem string) {
	fmt.Fprintf(os.Stderr, "control-plane: %s: use etcd, apiserver, controller-manager, scheduler or kubectl\n", problem)
	os.Exit(2)
}
