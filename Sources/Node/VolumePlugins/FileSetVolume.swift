package import NodeInterfaces
package import ObjectModel

/// configMap, secret, downwardAPI and projected volumes: files whose content the agent has collected. Those of all but
/// configMaps are in memory only, as kubelet's: no secret is left on a disk.
package struct FileSetVolume: VolumePlugin {
    private static let sources = ["configMap", "secret", "downwardAPI", "projected"]
    private let mayMount: Bool
    private let now: @Sendable () -> Timestamp

    /// The plugin; `now` names the directories of new versions. One that may not mount, for who is not root, has its
    /// files on the disk.
    package init(mayMount: Bool = true, now: @escaping @Sendable () -> Timestamp = { .systemNow() }) {
        self.mayMount = mayMount
        self.now = now
    }

    package func serves(_ source: Value) -> Bool { Self.sources.contains { source[$0]?.fields != nil } }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        do throws(HostFileError) {
            try HostFiles.makeDirectory(request.targetPath)
            // One that was begun on the disk goes on there: its containers see that directory.
            if mayMount, request.source["configMap"] == nil, HostFiles.names(in: request.targetPath).isEmpty {
                try MemoryFilesystem.mount(at: request.targetPath, mode: "0755", maySwap: false)
            }
            if let group = request.fsGroup { try HostFiles.setGroup(request.targetPath, group) }
        } catch {
            throw VolumeError(error.description)
        }
        _ = try AtomicFiles(request.targetPath).replace(
            with: request.files, group: request.fsGroup, generation: String(now().nanoseconds))
        return request.targetPath
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
