package import APIProtocol
package import APIServer
internal import Kinds
package import ObjectModel
package import ObjectStorage

/// What a ServiceAccount token says.
package struct ServiceAccountClaims: Sendable, Hashable {
    /// Names an object a token is bound to.
    package struct Reference: Sendable, Hashable {
        /// Its kind, such as `Pod`.
        package let kind: String
        /// Its name.
        package let name: String
        /// Its uid.
        package let uid: String

        /// A reference.
        package init(kind: String, name: String, uid: String) {
            self.kind = kind
            self.name = name
            self.uid = uid
        }
    }

    /// The namespace.
    package let namespace: String
    /// The ServiceAccount's name.
    package let name: String
    /// The ServiceAccount's uid.
    package let uid: String
    /// For whom the token is; empty means the API server.
    package let audiences: [String]
    /// The object that the token lives with.
    package let boundObject: Reference?
    /// The node of the bound pod.
    package let nodeName: String?
    /// From when.
    package let issuedAt: Timestamp
    /// Until when.
    package let expiresAt: Timestamp
}

/// Signs ServiceAccount tokens.
package protocol TokenIssuer: Sendable {
    /// The audiences of a token that names none.
    var defaultAudiences: [String] { get }
    /// The signed token.
    func token(_ claims: ServiceAccountClaims) async throws(APIStatus) -> String
}

/// `POST …/serviceaccounts/NAME/token`: answers a TokenRequest with a signed token.
package struct TokenHandler: SubresourceHandler {
    private static let kind = GroupVersionKind(group: "authentication.k8s.io", version: "v1", kind: "TokenRequest")
    private static let shortest = 600
    private static let longest = 1 << 32
    private static let usual = 3600
    static let bindable: [String: APIResource] = [
        APIResource.pods.kind: .pods, APIResource.secrets.kind: .secrets, APIResource.nodes.kind: .nodes,
    ]

    private let issuer: any TokenIssuer
    private let store: any Store

    /// The handler. `store` holds the objects that tokens are bound to.
    package init(issuer: any TokenIssuer, store: any Store) {
        self.issuer = issuer
        self.store = store
    }

    /// Answers 201 with the request and its token.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        var answer = try call.decodeBody()
        let account = try await call.objects.get(namespace: call.namespace, name: call.name)
        try Self.validate(answer, account)
        let now = call.environment.now()
        let seconds = answer["spec"]?["expirationSeconds"]?.int ?? Self.usual
        let audiences = (answer["spec"]?["audiences"]?.array ?? []).compactMap(\.string)
        let bound = try await boundObject(answer["spec"]?["boundObjectRef"], account)
        let claims = ServiceAccountClaims(
            namespace: call.namespace, name: call.name, uid: account.uid,
            audiences: audiences.isEmpty ? issuer.defaultAudiences : audiences, boundObject: bound?.reference,
            nodeName: bound?.node, issuedAt: now, expiresAt: now + .seconds(seconds))
        let token = try await issuer.token(claims)
        answer["kind"] = .string(Self.kind.kind)
        answer["apiVersion"] = .string(Self.kind.groupVersion.apiVersion)
        answer["metadata"] = [
            "name": .string(call.name), "namespace": .string(call.namespace), "uid": .string(account.uid),
            "creationTimestamp": .string(now.text),
        ]
        answer["spec", "audiences"] = .array(claims.audiences.map(Value.string))
        answer["spec", "expirationSeconds"] = .integer(Int64(seconds))
        if answer["spec"]?["boundObjectRef"] == nil { answer["spec", "boundObjectRef"] = .null }
        answer["status"] = ["token": .string(token), "expirationTimestamp": .string(claims.expiresAt.text)]
        return .json(answer, code: 201)
    }

    private static func validate(_ request: Value, _ account: Value) throws(APIStatus) {
        var errors: [FieldError] = []
        for (field, wanted, actual, what) in [
            ("name", request.name, account.name, "name"),
            ("namespace", request.namespace, account.namespace, "namespace"),
        ] where !wanted.isEmpty && wanted != actual {
            errors.append(
                FieldError(
                    .invalid, "metadata.\(field)", .string(wanted),
                    "must match the service account \(what) if specified"))
        }
        if let seconds = request["spec"]?["expirationSeconds"], !seconds.isNull {
            let number = seconds.int ?? 0
            if number < shortest {
                errors.append(
                    FieldError(
                        .invalid, "spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"))
            } else if number > longest {
                errors.append(
                    FieldError(
                        .invalid, "spec.expirationSeconds", seconds,
                        "may not specify a duration larger than 2^32 seconds"))
            }
        }
        guard errors.isEmpty else { throw .invalid(kind, name: account.name, errors) }
        guard request.uid.isEmpty || request.uid == account.uid else {
            throw .conflict(
                GroupResource(group: kind.group, resource: kind.kind), name: account.name,
                "the UID in the token request (\(request.uid)) does not match the UID of the service account "
                    + "(\(account.uid))")
        }
    }

    private func boundObject(
        _ reference: Value?, _ account: Value
    ) async throws(APIStatus) -> (reference: ServiceAccountClaims.Reference, node: String?)? {
        guard let reference, !reference.isNull else { return nil }
        let kind = reference["kind"]?.string ?? ""
        guard let resource = Self.bindable[kind] else {
            throw .badRequest("cannot bind token for serviceaccount to type \(kind)")
        }
        let name = reference["name"]?.string ?? ""
        let object = try await object(resource, namespace: account.namespace, name: name)
        if kind == APIResource.pods.kind, object["spec"]?["serviceAccountName"]?.string != account.name {
            throw .badRequest(
                "cannot bind token for serviceaccount \"\(account.name)\" to pod running with different "
                    + "serviceaccount name.")
        }
        if let uid = reference["uid"]?.string, !uid.isEmpty, uid != object.uid {
            throw .conflict(
                resource.groupResource, name: name,
                "the UID in the bound object reference (\(uid)) does not match the UID in record. "
                    + "The object might have been deleted and then recreated")
        }
        return (
            ServiceAccountClaims.Reference(kind: kind, name: name, uid: object.uid),
            object["spec"]?["nodeName"]?.string
        )
    }

    private func object(
        _ resource: APIResource, namespace: String, name: String
    ) async throws(APIStatus) -> Value {
        let key = StoreKey(resource.groupResource, namespace: resource.isNamespaced ? namespace : "", name: name)
        let found: StoredObject?
        do throws(StoreError) {
            found = try await store.object(at: key)
        } catch {
            throw .unavailable("the store is not available: \(error)")
        }
        guard let found else { throw .notFound(resource.groupResource, name: name) }
        return found.value
    }
}
