internal import APIProtocol
internal import Controllers
internal import Logging
internal import ObjectModel
struct DevNode: NodePart, RunningNodes {
    var bridgeAddress: IPv4Address? { nil }
    var socket: String? { nil }
    var volumeSources: [VolumeSource] { [] }
    func prepare(_ plane: ControlPlane, _ caches: ControlCaches, _ nodes: ConnectedNodes) async throws -> any RunningNodes { self }
    func run(serve: @Sendable (IPv4Address) async throws -> Void) async throws { try await Task.sleep(for: .seconds(100000)) }
}
enum NodeParts { static func make(_ c: ClusterConfiguration, _ d: DataDirectory, id: String, logger: Logger) throws(StartupError) -> any NodePart { DevNode() } }
package struct ClusterShutdown { package init(dataDirectory: String, purge: Bool) {}; package func run(_ say: (String) -> Void) async throws {} }
package enum ImageImport { package static func run(dataDirectory: String, archive: String) async throws -> [String] { [] } }
