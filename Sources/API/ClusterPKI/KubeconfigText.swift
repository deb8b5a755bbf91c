internal import FoundationEssentials

/// Writes kubeconfig files.
package enum KubeconfigText {
    /// A kubeconfig with one cluster, user and context, each named `ordinal`.
    package static func write(server: String, authority: String, client: KeyPair) -> String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: ordinal
          cluster:
            server: \(server)
            certificate-authority-data: \(base64(authority))
        users:
        - name: ordinal
          user:
            client-certificate-data: \(base64(client.certificate))
            client-key-data: \(base64(client.key))
        contexts:
        - name: ordinal
          context:
            cluster: ordinal
            user: ordinal
        current-context: ordinal

        """
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
