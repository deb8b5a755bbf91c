internal import Crypto
internal import ObjectModel

/// The sandbox image: one layer with one file, in an OCI archive.
enum PauseImage {
    /// Its name.
    static let reference = "localhost/pause:1"

    /// The archive, ready to import.
    static func archive(for machine: PauseProgram.Machine) -> [UInt8] {
        var layerArchive = TarArchive()
        layerArchive.add("pause", PauseProgram.executable(for: machine), mode: 0o755)
        let layer = layerArchive.bytes
        let configuration = JSON.write([
            "architecture": .string(machine.rawValue),
            "os": "linux",
            "config": ["Entrypoint": ["/pause"]],
            "rootfs": ["type": "layers", "diff_ids": [.string(digest(layer))]],
        ])
        let manifest = JSON.write([
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", configuration),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        ])
        var entry = descriptor("application/vnd.oci.image.manifest.v1+json", manifest)
        entry.set(["annotations"], to: ["io.containerd.image.name": .string(reference)])
        var archive = TarArchive()
        archive.add("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        archive.add("index.json", JSON.write(["schemaVersion": 2, "manifests": [entry]]))
        for blob in [manifest, configuration, layer] {
            archive.add("blobs/sha256/" + digest(blob).dropFirst("sha256:".count), blob)
        }
        return archive.bytes
    }

    private static func descriptor(_ mediaType: String, _ content: [UInt8]) -> Value {
        [
            "mediaType": .string(mediaType), "digest": .string(digest(content)),
            "size": .integer(Int64(content.count)),
        ]
    }

    private static func digest(_ content: [UInt8]) -> String {
        let hex = SHA256.hash(data: content).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return "sha256:" + hex.joined()
    }
}
