internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// A token for a pod's ServiceAccount that a projected volume wants.
struct TokenWish: Hashable, Sendable {
    /// Empty for the API server's own audience.
    var audience: String
    var expirationSeconds: Int

    init(_ source: Value) {
        audience = source.text("audience")
        expirationSeconds = source["expirationSeconds"]?.int ?? 3600
    }

    /// The tokens that a pod's volumes want.
    static func all(in pod: AgentPod) -> Set<TokenWish> {
        let parts = pod.view.spec.volumes.flatMap { $0.source.child("projected").items("sources") }
        return Set(parts.compactMap { $0.object("serviceAccountToken").map(TokenWish.init) })
    }
}

/// Collects the files of configMap, secret, downwardAPI and projected volumes: pure, from what was read before.
struct VolumeContents {
    let fields: PodFields
    let data: ReferencedData
    let tokens: [TokenWish: String]

    /// The files of a volume; empty for sources that have none.
    func files(of volume: VolumeView) throws(ConfigurationError) -> [String: VolumeFile] {
        guard let source = volume.source.object("projected") else {
            let mode = volume.source.child(volume.sourceType)["defaultMode"]?.int ?? 0o644
            return try files(of: volume.source, defaultMode: mode)
        }
        var all: [String: VolumeFile] = [:]
        for part in source.items("sources") {
            let files = try files(of: part, defaultMode: source["defaultMode"]?.int ?? 0o644)
            all.merge(files) { $1 }
        }
        return all
    }

    private func files(of source: Value, defaultMode: Int) throws(ConfigurationError) -> [String: VolumeFile] {
        if let map = source.object("configMap") {
            let name = map.text("name")
            return try pick(data.configMaps[name].map(ReferencedData.bytes(of:)), map, "configmap", name, defaultMode)
        }
        if let secret = source.object("secret") {
            let name = secret["secretName"]?.string ?? secret.text("name")
            return try pick(data.secrets[name].map(ReferencedData.bytes(of:)), secret, "secret", name, defaultMode)
        }
        if let api = source.object("downwardAPI") { return try downward(api, defaultMode) }
        if let token = source.object("serviceAccountToken") {
            guard let text = tokens[TokenWish(token)] else {
                throw ConfigurationError(
                    "failed to fetch token: serviceaccounts \"\(fields.pod.view.spec.serviceAccountName)\"")
            }
            return [token.text("path"): VolumeFile(content: Array(text.utf8), mode: defaultMode)]
        }
        return [:]
    }

    private func pick(
        _ found: [String: [UInt8]]?, _ source: Value, _ kind: String, _ name: String, _ defaultMode: Int
    ) throws(ConfigurationError) -> [String: VolumeFile] {
        let isOptional = source.flag("optional")
        guard let found else {
            if isOptional { return [:] }
            throw ConfigurationError("\(kind) \"\(name)\" not found")
        }
        guard let items = source["items"]?.array, !items.isEmpty else {
            return found.mapValues { VolumeFile(content: $0, mode: defaultMode) }
        }
        var files: [String: VolumeFile] = [:]
        for item in items {
            let key = item.text("key")
            if let bytes = found[key] {
                files[item.text("path")] = VolumeFile(content: bytes, mode: item["mode"]?.int ?? defaultMode)
            } else if !isOptional {
                throw ConfigurationError("references non-existent \(kind) key: \(key)")
            }
        }
        return files
    }

    private func downward(_ source: Value, _ defaultMode: Int) throws(ConfigurationError) -> [String: VolumeFile] {
        var files: [String: VolumeFile] = [:]
        for item in source.items("items") {
            let text: String
            if let reference = item.object("fieldRef") {
                text = fields.field(reference.text("fieldPath")) ?? ""
            } else {
                text = try fields.resource(item.child("resourceFieldRef"), container: nil)
            }
            files[item.text("path")] = VolumeFile(content: Array(text.utf8), mode: item["mode"]?.int ?? defaultMode)
        }
        return files
    }
}
