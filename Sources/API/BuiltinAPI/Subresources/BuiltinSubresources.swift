package import APIProtocol
package import APIServer
internal import Kinds
internal import ObjectModel
package import ObjectStorage

/// What answers the subresources of builtin kinds: one line each.
package enum BuiltinSubresources {
    /// All handlers. `nodes` finds the node of a pod, `tokens` signs ServiceAccount tokens, `store` holds the objects
    /// that tokens are bound to.
    package static func handlers(
        nodes: any NodeDirectory, tokens: any TokenIssuer, store: any Store
    ) -> [SubresourceKey: any SubresourceHandler] {
        let pods = APIResource.pods.groupResource
        return [
            SubresourceKey(pods, "binding"): BindingHandler(),
            SubresourceKey(pods, "eviction"): EvictionHandler(),
            SubresourceKey(pods, "log"): LogHandler(nodes: nodes),
            SubresourceKey(pods, "exec"): ExecHandler(nodes: nodes),
            SubresourceKey(pods, "attach"): AttachHandler(nodes: nodes),
            SubresourceKey(pods, "portforward"): PortForwardHandler(nodes: nodes),
            SubresourceKey(APIResource.namespaces.groupResource, "finalize"): FinalizeHandler(),
            SubresourceKey(APIResource.serviceAccounts.groupResource, "token"): TokenHandler(
                issuer: tokens, store: store),
        ]
    }
}
