package import NodeInterfaces
package import ObjectModel

/// Persistent volumes whose storage is a directory of this node: `local` and `hostPath` sources.
package struct PersistentVolumePlugin: VolumePlugin {
    private let provisioned: String

    /// The plugin; volumes that `LocalProvisioner` made are directly below `provisioned`.
    package init(provisioned: String) { self.provisioned = provisioned }

    package func serves(_ source: Value) -> Bool {
        let volume = source["persistentVolume"]
        return volume?["local"]?.fields != nil || volume?["hostPath"]?.fields != nil
    }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        let volume = request.source["persistentVolume"] ?? .null
        let path = try path(of: volume)
        let isReadOnly = request.source["persistentVolumeClaim", "readOnly"]?.bool == true
        guard !isReadOnly, volume["hostPath"] == nil || isProvisioned(path) else { return path }
        do throws(HostFileError) {
            try Ownership.apply(request.fsGroup, to: path, policy: request.fsGroupChangePolicy)
        } catch {
            throw VolumeError(error.description)
        }
        return path
    }

    package func tearDown(_ request: VolumeRequest) async throws(VolumeError) {}

    /// A path of the host that somebody else chose keeps its owners, as with kubelet: it may be `/etc`.
    private func isProvisioned(_ path: String) -> Bool {
        guard path.hasPrefix(provisioned + "/") else { return false }
        let name = path.dropFirst(provisioned.count + 1)
        return !name.isEmpty && !name.contains("/") && name != "." && name != ".."
    }

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
