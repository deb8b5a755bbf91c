package import NodeInterfaces
package import ObjectModel

/// configMap, secret, downwardAPI and projected volumes: files whose content the agent has collected.
package struct FileSetVolume: VolumePlugin {
    private static let sources = ["configMap", "secret", "downwardAPI", "projected"]
    private let now: @Sendable () -> Timestamp

    /// The plugin; `now` names the directories of new versions.
    package init(now: @escaping @Sendable () -> Timestamp = { .systemNow() }) { self.now = now }

    package func serves(_ source: Value) -> Bool { Self.sources.contains { source[$0]?.fields != nil } }

    package func setUp(_ request: VolumeRequest) async throws(VolumeError) -> String {
        do throws(HostFileError) {
            try HostFiles.makeDirectory(request.targetPath)
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
            try HostFiles.removeTree(request.targetPath)
        } catch {
            throw VolumeError(error.description)
        }
    }
}
