internal import APIProtocol
internal import ObjectModel
internal import Schema

/// How unknown and duplicate fields of a body are treated (`?fieldValidation=`).
enum FieldValidation: String, Sendable {
    case strict = "Strict"
    case warn = "Warn"
    case ignore = "Ignore"

    /// Reads the parameter; upstream's default is Warn.
    static func read(_ request: APIRequest, options: String) throws(APIStatus) -> FieldValidation {
        guard let text = request.query("fieldValidation"), !text.isEmpty else { return .warn }
        guard let validation = FieldValidation(rawValue: text) else {
            let kind = GroupVersionKind(group: "meta.k8s.io", version: "v1", kind: options)
            let values = ["", "Ignore", "Strict", "Warn"]
            throw .invalid(kind, name: "", [.notSupported("fieldValidation", .string(text), supported: values)])
        }
        return validation
    }
}

/// The body of a request: bytes and how to read them.
struct Body: Sendable {
    /// The longest body, as upstream.
    static let maximumLength = 3 << 20
    private static let accepted = ["application/json", "application/yaml", protobuf]
    private static let protobuf = "application/vnd.kubernetes.protobuf"

    /// A body as a tree.
    struct Document: Sendable {
        /// The tree.
        let value: Value
        /// Keys that were written twice, as messages.
        let duplicates: [String]
    }

    private enum Format { case json, yaml, protobuf }

    private let bytes: [UInt8]
    private let tree: Value?
    private let mediaType: String
    private let table: ProtobufTable?

    /// The body of `request`; protobuf is read by `protobuf`, or not at all.
    init(_ request: APIRequest, protobuf: ProtobufTable? = nil) {
        table = protobuf
        bytes = request.body
        tree = request.tree
        let header = request.headers["Content-Type"] ?? ""
        mediaType = header.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
    }

    /// Whether there is none.
    var isEmpty: Bool { bytes.isEmpty && tree == nil }

    /// The patch that the media type names; nil for none.
    var patchType: PatchType? { PatchType(rawValue: mediaType) }

    /// 413 above the limit.
    func checkLength() throws(APIStatus) {
        guard bytes.count <= Self.maximumLength else {
            throw .tooLarge("Request entity too large: limit is \(Self.maximumLength)")
        }
    }

    /// Parses the body as the media type says; no media type is JSON. `kind` is for messages.
    func parse(as kind: String) throws(APIStatus) -> Document {
        if let tree { return Document(value: tree, duplicates: []) }
        switch try format() {
        case .json: return try parseJSON(as: kind)
        case .yaml: return try parseYAML(as: kind)
        case .protobuf: return try parseProtobuf(as: kind)
        }
    }

    /// Parses a patch, which is JSON (or, for apply, YAML).
    func parsePatch() throws(APIStatus) -> Document {
        if let tree { return Document(value: tree, duplicates: []) }
        do throws(JSONError) {
            return try parseJSON()
        } catch {
            throw .badRequest("error decoding patch: \(error)")
        }
    }

    private func format() throws(APIStatus) -> Format {
        switch mediaType {
        case "", "application/json": return .json
        case "application/yaml": return .yaml
        case Self.protobuf: return .protobuf
        default: throw .unsupportedMediaType(Self.accepted)
        }
    }

    private func parseJSON(as kind: String) throws(APIStatus) -> Document {
        do throws(JSONError) {
            return try parseJSON()
        } catch {
            throw unrecognized(kind, "couldn't get version/kind; json parse error: \(error)")
        }
    }

    private func parseJSON() throws(JSONError) -> Document {
        var duplicates: [String] = []
        let value = try JSON.parse(
            bytes, maximumDepth: JSON.maximumBodyDepth,
            onDuplicate: { duplicates.append("duplicate field \"\($0)\"") })
        return Document(value: value, duplicates: duplicates)
    }

    private func parseYAML(as kind: String) throws(APIStatus) -> Document {
        do throws(YAML.Failure) {
            return Document(value: try YAML.parse(bytes), duplicates: [])
        } catch {
            throw unrecognized(kind, "\(error)")
        }
    }

    /// 415 for kinds that the table does not know.
    private func parseProtobuf(as kind: String) throws(APIStatus) -> Document {
        let unreadable = APIStatus.unsupportedMediaType(Self.accepted.filter { $0 != Self.protobuf })
        guard let table else { throw unreadable }
        do throws(ProtobufDecoder.Failure) {
            return Document(value: try ProtobufDecoder(table).decode(bytes), duplicates: [])
        } catch {
            switch error {
            case .unrecognized(let reason): throw unrecognized(kind, reason)
            case .unknownKind: throw unreadable
            case .malformed(let gvk, let reason): throw ObjectSchema.decodeError(gvk, reason)
            }
        }
    }

    /// 400 for a body that is no object of any kind.
    func unrecognized(_ kind: String, _ reason: String) -> APIStatus {
        .badRequest("the object provided is unrecognized (must be of type \(kind)): \(reason) (\(summary))")
    }

    private var summary: String {
        if bytes.isEmpty { return "<empty>" }
        let start = bytes.prefix(30)
        let rest = bytes.count > 30 ? " ..." : ""
        if bytes[0] == UInt8(ascii: "{") { return String(decoding: start, as: UTF8.self) + rest }
        return start.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + rest
    }
}
