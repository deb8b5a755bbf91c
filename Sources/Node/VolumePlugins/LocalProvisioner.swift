package import NodeInterfaces
package import ObjectModel

/// Makes a directory below the data directory for each PersistentVolume; deleting the volume removes it.
///
/// Caveat: a directory has no size of its own, so the claim's size is not enforced.
package struct LocalProvisioner: VolumeProvisioner {
    /// The name in StorageClasses.
    package static let name = "ordinal.dev/local"
    package var name: String { Self.name }
    private let directory: String

    /// Keeps volumes below `directory`, an absolute path that is made when needed.
    package init(directory: String) { self.directory = directory }

    package func provision(
        name: String, bytes: Int64, parameters: [String: String]
    ) async throws(VolumeError) -> Value {
        let path = try path(of: name)
        do throws(HostFileError) {
            try HostFiles.makeDirectory(directory, mode: 0o711)
            // Applications run as any user and choose the permissions inside.
            try HostFiles.makeDirectory(path, mode: 0o777)
        } catch {
            throw VolumeError("failed to provision volume \(name): \(error)")
        }
        return ["hostPath": ["path": .string(path), "type": "DirectoryOrCreate"]]
    }

    package func delete(name: String, spec: Value) async throws(VolumeError) {
        let path = try path(of: name)
        let recorded = spec["hostPath", "path"]?.string ?? spec["local", "path"]?.string
        guard recorded == nil || recorded == path else {
            throw VolumeError("volume \(name) is at \(recorded ?? ""), which \(self.name) did not make")
        }
        do throws(HostFileError) {
            try HostFiles.removeTree(path)
        } catch {
            throw VolumeError("failed to delete volume \(name): \(error)")
        }
    }

    /// The directory of a volume; a name that is no object name could lead out of ours.
    private func path(of name: String) throws(VolumeError) -> String {
        if let fault = NameRules.dns1123Subdomain(name) { throw VolumeError("volume name \"\(name)\": \(fault)") }
        return "\(directory)/\(name)"
    }
}
