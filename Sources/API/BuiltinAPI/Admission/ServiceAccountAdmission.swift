internal import APIServer
internal import Kinds
internal import ObjectModel
internal import ObjectStorage

/// Pods run as a ServiceAccount: `default` unless they say, it must exist, and its token is mounted into every
/// container. Upstream's plugin ServiceAccount.
struct ServiceAccountAdmission: AdmissionPlugin {
    /// How long a pod waits for its namespace's `default` account, which a controller makes.
    static let patience = Duration.milliseconds(1500)
    private static let defaultAccount = "default"

    let name = "ServiceAccount"
    let stored: StoredObjects
    let environment: ServerEnvironment

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        guard request.creates(.pods) else { return }
        var spec = request.object["spec"] ?? .emptyObject
        let named = spec["serviceAccountName"]?.string ?? ""
        let accountName = named.isEmpty ? Self.defaultAccount : named
        guard let account = try await account(accountName, namespace: request.namespace) else {
            throw missing(accountName, request)
        }
        spec["serviceAccountName"] = .string(accountName)
        spec["serviceAccount"] = .string(accountName)
        if TokenMount.isWanted(pod: spec, account: account) {
            TokenMount.add(to: &spec, suffix: randomSuffix())
        }
        if (spec["imagePullSecrets"]?.array ?? []).isEmpty,
            let secrets = account["imagePullSecrets"]?.array, !secrets.isEmpty
        {
            spec["imagePullSecrets"] = .array(secrets.map { ["name": $0["name"] ?? ""] })
        }
        request.object["spec"] = spec
    }

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        guard request.creates(.pods) else { return }
        let accountName = request.object["spec"]?["serviceAccountName"]?.string ?? ""
        if accountName.isEmpty {
            throw request.forbidden(
                "no service account specified for pod \(request.namespace)/\(request.object.name)")
        }
        let found = try await stored.encoded(.serviceAccounts, namespace: request.namespace, name: accountName)
        if found == nil { throw missing(accountName, request) }
    }

    private func missing(_ account: String, _ request: AdmissionRequest) -> APIStatus {
        request.forbidden(
            "error looking up service account \(request.namespace)/\(account): "
                + "serviceaccount \"\(account)\" not found")
    }

    private func randomSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        return String((0..<5).map { _ in alphabet[environment.random(0...alphabet.count - 1)] })
    }

    private func account(_ account: String, namespace: String) async throws(APIStatus) -> Value? {
        let found = try await stored.object(.serviceAccounts, namespace: namespace, name: account)
        guard found == nil, account == Self.defaultAccount else { return found }
        return try await waitForAccount(account, namespace: namespace)
    }

    /// Waits for the account to appear, at most `patience`.
    private func waitForAccount(_ account: String, namespace: String) async throws(APIStatus) -> Value? {
        let key = StoredObjects.key(.serviceAccounts, namespace, account)
        do throws(StoreError) {
            let revision = try await stored.store.currentRevision()
            let watch = try await stored.store.events(in: KeyRange(key), after: revision)
            defer { watch.cancel() }
            if let found = try await stored.store.object(at: key) { return found.value }
            return try await firstObject(of: watch, at: key)
        } catch {
            if error == .cancelled { return nil }
            throw .failedLookup(error)
        }
    }

    private func firstObject(
        of watch: EventSubscription, at key: StoreKey
    ) async throws(StoreError) -> Value? {
        let outcome = await withTaskGroup(of: Void.self) { group -> Result<Value?, StoreError> in
            group.addTask {
                try? await environment.sleep(Self.patience)
                watch.wake()
            }
            defer { group.cancelAll() }
            do throws(StoreError) {
                while true {
                    let events = try await watch.next()
                    if events.isEmpty { return .success(nil) }
                    let found = events.last { $0.current.key == key && $0.kind != .deleted }
                    if let found { return .success(found.current.value) }
                }
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}

/// The volume with the account's token, the cluster's CA and the namespace, mounted where clients look for it.
enum TokenMount {
    static let path = "/var/run/secrets/kubernetes.io/serviceaccount"
    private static let volumePrefix = "kube-api-access-"
    private static let tokenSeconds: Int64 = 3607

    /// The pod's own wish wins, then the account's; else the token is mounted.
    static func isWanted(pod spec: Value, account: Value) -> Bool {
        spec["automountServiceAccountToken"]?.bool ?? account["automountServiceAccountToken"]?.bool ?? true
    }

    /// Mounts the volume in every container that mounts nothing there.
    static func add(to spec: inout Value, suffix: String) {
        let volumes = spec["volumes"]?.array ?? []
        let existing = volumes.compactMap { $0["name"]?.string }.first { $0.hasPrefix(volumePrefix) }
        let name = existing ?? volumePrefix + suffix
        var mounted = false
        for list in ["initContainers", "containers"] {
            guard var containers = spec[list]?.array else { continue }
            for position in containers.indices {
                var mounts = containers[position]["volumeMounts"]?.array ?? []
                guard !mounts.contains(where: { $0["mountPath"]?.string == path }) else { continue }
                mounts.append(["name": .string(name), "readOnly": true, "mountPath": .string(path)])
                containers[position]["volumeMounts"] = .array(mounts)
                mounted = true
            }
            spec[list] = .array(containers)
        }
        if mounted, existing == nil { spec["volumes"] = .array(volumes + [volume(name)]) }
    }

    private static func volume(_ name: String) -> Value {
        let token: Value = ["serviceAccountToken": ["expirationSeconds": .integer(tokenSeconds), "path": "token"]]
        let authority: Value = [
            "configMap": ["name": "kube-root-ca.crt", "items": [["key": "ca.crt", "path": "ca.crt"]]]
        ]
        let namespace: Value = [
            "downwardAPI": [
                "items": [
                    ["path": "namespace", "fieldRef": ["apiVersion": "v1", "fieldPath": "metadata.namespace"]]
                ]
            ]
        ]
        return [
            "name": .string(name),
            "projected": ["defaultMode": 420, "sources": .array([token, authority, namespace])],
        ]
    }
}
