"""How a cluster is reached from outside its process: certificates, the kubeconfig file, the HTTPS listener."""
