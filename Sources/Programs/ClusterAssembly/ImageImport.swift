internal import CRIRuntime
internal import FoundationEssentials
internal import Logging
internal import NodeInterfaces

/// `ordinal image import`: brings images from an archive into the node's containerd.
package enum ImageImport {
    /// Imports an archive into the running cluster of a data directory; answers with the images' names.
    package static func run(dataDirectory: String, archive: String) async throws(StartupError) -> [String] {
        guard FileManager.default.isReadableFile(atPath: archive) else {
            throw .failed("\(archive) cannot be read")
        }
        let directory = DataDirectory(dataDirectory)
        if let denial = directory.denial { throw denial }
        guard let instance = Instance.read(directory), directory.isInUse else {
            throw .failed("Ordinal does not run on \(dataDirectory). Start it first: ordinal up")
        }
        guard !instance.socket.isEmpty else {
            throw .failed("This cluster is simulated: every image is present, and none is needed.")
        }
        do throws(RuntimeError) {
            return try await ContainerdRuntime.importImage(archive: archive, socket: instance.socket)
        } catch {
            throw .failed("\(archive) was not imported: \(error)")
        }
    }
}
