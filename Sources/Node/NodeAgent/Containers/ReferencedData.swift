internal import Kinds
internal import ObjectModel

/// The ConfigMaps and Secrets that a pod refers to, read before they are needed. An absent name was not found.
struct ReferencedData: Sendable {
    var configMaps: [String: ConfigMapView] = [:]
    var secrets: [String: SecretView] = [:]

    /// The bytes of every key of a ConfigMap.
    static func bytes(of map: ConfigMapView) -> [String: [UInt8]] {
        var all = map.data.mapValues { Array($0.utf8) }
        for (key, text) in map.binaryData { all[key] = Base64.decode(text) }
        return all
    }

    /// The bytes of every key of a Secret.
    static func bytes(of secret: SecretView) -> [String: [UInt8]] { secret.data.compactMapValues(Base64.decode) }

    /// The names that a pod's environment and volumes refer to.
    static func names(in pod: AgentPod) -> (configMaps: Set<String>, secrets: Set<String>) {
        var maps: Set<String> = []
        var secrets: Set<String> = []
        for container in pod.allContainers {
            for source in container.environmentSources {
                if let map = source.object("configMapRef") { maps.insert(map.text("name")) }
                if let secret = source.object("secretRef") { secrets.insert(secret.text("name")) }
            }
            for variable in container.environment {
                let source = variable.child("valueFrom")
                if let map = source.object("configMapKeyRef") { maps.insert(map.text("name")) }
                if let secret = source.object("secretKeyRef") { secrets.insert(secret.text("name")) }
            }
        }
        for volume in pod.view.spec.volumes {
            for source in [volume.source] + volume.source.child("projected").items("sources") {
                if let map = source.object("configMap") { maps.insert(map.text("name")) }
                if let secret = source.object("secret") {
                    secrets.insert(secret["secretName"]?.string ?? secret.text("name"))
                }
            }
        }
        return (maps, secrets)
    }
}

/// RFC 4648 base64.
enum Base64 {
    /// The bytes of a text; nil when it is none. Line breaks are skipped.
    static func decode(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count / 4 * 3)
        var buffer: UInt32 = 0
        var bits = 0
        for byte in text.utf8 where byte != 0x0A && byte != 0x0D {
            if byte == UInt8(ascii: "=") { break }
            guard let value = value(of: byte) else { return nil }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        return output
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte + 4
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
