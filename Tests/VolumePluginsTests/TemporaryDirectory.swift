import NodeInterfaces
import ObjectModel

/// A directory for one test, removed after it.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = "/tmp/ordinal-volumes-\(UInt64.random(in: 0 ... .max))"
    try HostFiles.makeDirectory(path)
    do {
        let result = try await body(path)
        try HostFiles.removeTree(path)
        return result
    } catch {
        try HostFiles.removeTree(path)
        throw error
    }
}

func text(_ path: String) throws -> String { String(decoding: try HostFiles.read(path), as: UTF8.self) }

func request(
    _ source: Value, at path: String, files: [String: VolumeFile] = [:], fsGroup: Int64? = nil,
    policy: FSGroupChangePolicy = .always
) -> VolumeRequest {
    VolumeRequest(
        pod: PodIdentity(name: NamespacedName(namespace: "default", name: "web-0"), uid: "u1"), name: "data",
        source: source, files: files, fsGroup: fsGroup, fsGroupChangePolicy: policy, targetPath: path)
}

func file(_ text: String, mode: Int = 0o644) -> VolumeFile { VolumeFile(content: Array(text.utf8), mode: mode) }
