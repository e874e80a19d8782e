package cluster

// Die makes a node as silent as one whose process was killed.
func Die(n *Node) {
	n.cancel()
	n.ended.Wait()
	n.leaving.Store(true)
	n.transport.close(nil)
}
