internal import APIProtocol
internal import Kinds
package import ObjectModel
package import ObjectStorage

/// Judges whether what a ServiceAccount token stands for is still there: a token ends with its account and with the
/// object it is bound to, and no later one of that name takes it over. (Upstream's validator of claims.)
package struct TokenSubjects: Sendable {
    /// How long after its deletion time an object that waits for its removal still counts.
    private static let leeway = Duration.seconds(60)

    private let store: any Store

    /// Subjects in `store`.
    package init(store: any Store) { self.store = store }

    /// Whether the account with this uid and the bound object exist. A store that cannot be read answers no.
    package func exist(
        namespace: String, account: String, uid: String, boundTo bound: ServiceAccountClaims.Reference?,
        now: Timestamp
    ) async -> Bool {
        let reference = ServiceAccountClaims.Reference(
            kind: APIResource.serviceAccounts.kind, name: account, uid: uid)
        guard await exists(reference, .serviceAccounts, namespace, now) else { return false }
        guard let bound else { return true }
        guard let resource = TokenHandler.bindable[bound.kind] else { return false }
        return await exists(bound, resource, namespace, now)
    }

    private func exists(
        _ reference: ServiceAccountClaims.Reference, _ resource: APIResource, _ namespace: String, _ now: Timestamp
    ) async -> Bool {
        let key = StoreKey(
            resource.groupResource, namespace: resource.isNamespaced ? namespace : "", name: reference.name)
        guard let object = try? await store.object(at: key)?.value, object.uid == reference.uid else { return false }
        guard let deleted = object["metadata", "deletionTimestamp"]?.string.flatMap(Timestamp.init) else { return true }
        return now - deleted <= Self.leeway
    }
}
