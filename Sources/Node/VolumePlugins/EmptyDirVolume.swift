package import NodeInterfaces
package import ObjectModel

#if canImport(Glibc)
    internal import Glibc
#endif

/// emptyDir volumes: a directory that lives as long as the pod, or with medium Memory a tmpfs.
package struct EmptyDirVolume: VolumePlugin {
    /// The plugin.
    package init() {}

    package func serves(_ source: Value) -> Bool { source["emptyDir"]?.fields != nil }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        do throws(HostFileError) {
            try HostFiles.makeDirectory(request.targetPath, mode: 0o777)
            if request.source["emptyDir", "medium"]?.string == "Memory" {
                try mountMemory(request.targetPath, limit: Quantity(request.source["emptyDir", "sizeLimit"]))
            }
            try Ownership.apply(request.fsGroup, to: request.targetPath)
            return request.targetPath
        } catch {
            throw VolumeError(error.description)
        }
    }

    package func tearDown(_ request: VolumeRequest) async throws(VolumeError) {
        do throws(HostFileError) {
            try unmount(request.targetPath)
            try HostFiles.removeTree(request.targetPath)
        } catch {
            throw VolumeError(error.description)
        }
    }

    private func mountMemory(_ path: String, limit: Quantity?) throws(HostFileError) {
        #if canImport(Glibc)
            if isMountPoint(path) { return }
            let options = "mode=0777" + (limit.map { ",size=\($0.roundedUp)" } ?? "")
            if mount("tmpfs", path, "tmpfs", 0, options) != 0 {
                throw HostFileError(operation: "mount tmpfs at", path: path, code: errno)
            }
        #endif
    }

    private func unmount(_ path: String) throws(HostFileError) {
        #if canImport(Glibc)
            guard isMountPoint(path) else { return }
            if umount2(path, 0) != 0 { throw HostFileError(operation: "umount", path: path, code: errno) }
        #endif
    }

    private func isMountPoint(_ path: String) -> Bool {
        var own = stat()
        var above = stat()
        guard stat(path, &own) == 0, stat(HostFiles.directory(of: path), &above) == 0 else { return false }
        return own.st_dev != above.st_dev
    }
}
