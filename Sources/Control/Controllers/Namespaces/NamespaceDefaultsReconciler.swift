package import ControllerRuntime
package import Kinds
package import ObjectModel

/// The ConfigMap with the cluster's certificate authority.
package enum RootCertificate {
    /// Its name in every namespace.
    package static let name = "kube-root-ca.crt"
    /// The key of the certificate.
    package static let key = "ca.crt"
}

/// Gives every namespace its ServiceAccount `default` and its ConfigMap `kube-root-ca.crt`.
package struct NamespaceDefaultsReconciler: Reconciler {
    /// What is known about a namespace.
    package struct Observed: Sendable {
        /// The namespace.
        package var namespace: String
        /// Whether it has its ServiceAccount.
        package var hasServiceAccount: Bool
        /// Its ConfigMap.
        package var certificate: CachedObject<ConfigMapView>?

        /// What is known about a namespace.
        package init(namespace: String, hasServiceAccount: Bool, certificate: CachedObject<ConfigMapView>?) {
            self.namespace = namespace
            self.hasServiceAccount = hasServiceAccount
            self.certificate = certificate
        }
    }

    private let caPEM: String

    /// A reconciler that hands out the certificate `caPEM`.
    package init(caPEM: String) { self.caPEM = caPEM }

    /// What the caches know of an active namespace.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> Observed? {
        guard let namespace = caches.namespaces.object(key), !namespace.view.isTerminating else { return nil }
        let name = namespace.key.name
        return Observed(
            namespace: name,
            hasServiceAccount: caches.serviceAccounts.object(NamespacedName(namespace: name, name: "default")) != nil,
            certificate: caches.rootCertificates.object(NamespacedName(namespace: name, name: RootCertificate.name)))
    }

    /// What to do: making what is missing.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        var actions: [Action] = []
        if !observed.hasServiceAccount {
            let account: Value = [
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": ["name": "default", "namespace": .string(observed.namespace)],
            ]
            actions.append(.create(.serviceAccounts, account, acceptsExisting: true))
        }
        let data: Value = [RootCertificate.key: .string(caPEM)]
        if let certificate = observed.certificate {
            if certificate.view.data != [RootCertificate.key: caPEM] {
                let change = MergePatch.difference(from: .stringMap(certificate.view.data), to: data) ?? data
                actions.append(.patch(.init(.configMaps, certificate.key, uid: certificate.uid, ["data": change])))
            }
        } else {
            let description =
                "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
                + "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed "
                + "across distributions of Kubernetes clusters."
            let configMap: Value = [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": [
                    "name": .string(RootCertificate.name), "namespace": .string(observed.namespace),
                    "annotations": ["kubernetes.io/description": .string(description)],
                ],
                "data": data,
            ]
            actions.append(.create(.configMaps, configMap))
        }
        return Plan(actions, explanation: "namespace defaults")
    }
}
