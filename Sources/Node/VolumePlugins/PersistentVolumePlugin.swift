package import NodeInterfaces
package import ObjectModel

/// Persistent volumes whose storage is a directory of this node: `local` and `hostPath` sources.
package struct PersistentVolumePlugin: VolumePlugin {
    /// The plugin.
    package init() {}

    package func serves(_ source: Value) -> Bool {
        let volume = source["persistentVolume"]
        return volume?["local"]?.fields != nil || volume?["hostPath"]?.fields != nil
    }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        let volume = request.source["persistentVolume"] ?? .null
        let path = try path(of: volume)
        do throws(HostFileError) {
            try Ownership.apply(request.fsGroup, to: path)
        } catch {
            throw VolumeError(error.description)
        }
        return path
    }

    package func tearDown(_ request: VolumeRequest) async throws(VolumeError) {}

    private func path(of volume: Value) throws(VolumeError) -> String {
        if let source = volume["hostPath"] { return try HostPathVolume.prepare(source) }
        return try localPath(volume["local"] ?? .null)
    }

    private func localPath(_ source: Value) throws(VolumeError) -> String {
        let path = source["path"]?.string ?? ""
        guard HostFiles.kind(path) != nil else { throw VolumeError("path \"\(path)\" does not exist") }
        return path
    }
}
