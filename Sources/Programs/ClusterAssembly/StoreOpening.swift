internal import ObjectStorage
internal import SQLiteStorage

/// The store of a cluster, and how it is closed.
struct OpenStore: Sendable {
    let store: any Store
    let close: @Sendable () async -> Void

    static func open(
        _ choice: ClusterConfiguration.StoreChoice, _ directory: DataDirectory
    ) async throws(StartupError) -> OpenStore {
        switch choice {
        case .memory: return OpenStore(store: MemoryStore(), close: {})
        case .sqlite:
            do throws(StoreOpenError) {
                let store = try await SQLiteStore.open(path: directory.store)
                return OpenStore(store: store, close: { await store.close() })
            } catch {
                switch error {
                case .inUse: throw .dataDirectoryInUse(directory.path)
                case .newerFormat: throw .newerFormat(error.description)
                default: throw .failed(error.description)
                }
            }
        }
    }
}
