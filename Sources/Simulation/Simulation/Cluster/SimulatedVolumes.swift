internal import Controllers
internal import ObjectModel
internal import Synchronization

/// The storage that claims get: it outlives every process.
final class SimulatedVolumes: Sendable {
    private let made = Mutex<Set<String>>([])

    /// What makes and deletes volumes.
    var source: VolumeSource {
        VolumeSource(
            name: "ordinal.dev/local",
            provision: { [self] name, _, _ in
                made.withLock { _ = $0.insert(name) }
                return ["hostPath": ["path": .string("/volumes/\(name)"), "type": "DirectoryOrCreate"]]
            },
            delete: { [self] name, _ in made.withLock { _ = $0.remove(name) } })
    }
}
