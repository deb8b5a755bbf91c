package import NodeInterfaces
package import ObjectModel

/// emptyDir volumes: a directory that lives as long as the pod, or with medium Memory a tmpfs.
package struct EmptyDirVolume: VolumePlugin {
    /// The plugin.
    package init() {}

    package func serves(_ source: Value) -> Bool { source["emptyDir"]?.fields != nil }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        do throws(HostFileError) {
            try HostFiles.makeDirectory(request.targetPath, mode: 0o777)
            if request.source["emptyDir", "medium"]?.string == "Memory" {
                let limit = Quantity(request.source["emptyDir", "sizeLimit"])
                try MemoryFilesystem.mount(at: request.targetPath, mode: "0777", limit: limit?.roundedUp)
            }
            try Ownership.apply(request.fsGroup, to: request.targetPath)
            return request.targetPath
        } catch {
            throw VolumeError(error.description)
        }
    }

    package func tearDown(_ request: VolumeRequest) async throws(VolumeError) {
        do throws(HostFileError) {
            try MemoryFilesystem.unmount(request.targetPath)
            try HostFiles.removeTree(request.targetPath)
        } catch {
            throw VolumeError(error.description)
        }
    }
}
