internal import ObjectModel

/// The current context of a kubeconfig file: where the API is and how to be known there. Only inline data is read, as
/// `ordinal` writes it; a context that names files or commands is refused.
package struct Kubeconfig: Sendable, Hashable {
    /// The base URL of the server.
    package let server: String
    /// Whom to believe and how to prove oneself.
    package let identity: ClientIdentity
    /// The namespace of the context; `default` when it names none.
    package let namespace: String

    /// Reads YAML or JSON.
    package init(parsing bytes: [UInt8]) throws(ClientSetupError) {
        let file: Value
        do {
            file = try YAML.parse(bytes)
        } catch {
            throw .invalidKubeconfig(error.description)
        }
        let context = try Self.entry(file, list: "contexts", key: "context", name: file["current-context"]?.string)
        let cluster = try Self.entry(file, list: "clusters", key: "cluster", name: context["cluster"]?.string)
        let user = try Self.entry(file, list: "users", key: "user", name: context["user"]?.string)
        guard let server = cluster["server"]?.string else { throw .invalidKubeconfig("the cluster has no server") }
        for (object, keys) in [
            (cluster, ["certificate-authority"]),
            (user, ["client-certificate", "client-key", "tokenFile", "exec", "auth-provider", "username"]),
        ] {
            if let key = keys.first(where: { object[$0] != nil }) {
                throw .invalidKubeconfig("\(key) is not supported, only inline data")
            }
        }
        self.server = server
        namespace = context["namespace"]?.string ?? "default"
        identity = ClientIdentity(
            authority: try Self.data(cluster, "certificate-authority-data"),
            certificateChain: try Self.data(user, "client-certificate-data"),
            privateKey: try Self.data(user, "client-key-data"), token: user["token"]?.string,
            trustsAnyServer: cluster["insecure-skip-tls-verify"]?.bool ?? false)
    }

    private static func entry(
        _ file: Value, list: String, key: String, name: String?
    ) throws(ClientSetupError) -> Value {
        guard let name, let entry = (file[list]?.array ?? []).first(where: { $0["name"]?.string == name }) else {
            throw .invalidKubeconfig("\(list) has no entry \"\(name ?? "")\"")
        }
        return entry[key] ?? .emptyObject
    }

    private static func data(_ object: Value, _ key: String) throws(ClientSetupError) -> String? {
        guard let text = object[key]?.string else { return nil }
        guard let bytes = Base64.decode(text) else { throw .invalidKubeconfig("\(key) is not base64") }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Base64 of RFC 4648 section 4.
enum Base64 {
    /// The bytes; nil when the text is none. White space is skipped.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for byte in text.utf8 where ![0x20, 0x0A, 0x0D, 0x09].contains(byte) {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let digit = digit(byte) else { return nil }
            bits = bits << 6 | UInt32(digit)
            count += 1
            if count % 4 == 0 {
                bytes.append(contentsOf: [UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)])
            }
        }
        switch (count % 4, padding) {
        case (0, 0): break
        case (2, 2): bytes.append(UInt8(bits >> 4 & 255))
        case (3, 1): bytes.append(contentsOf: [UInt8(bits >> 10 & 255), UInt8(bits >> 2 & 255)])
        default: return nil
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
