internal import Yams

/// YAML as Kubernetes reads it: one document, JSON's types, string keys.
package enum YAML {
    /// Why YAML text is not acceptable.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong and where.
        package let description: String
    }

    /// The most nodes a document may have after its aliases are expanded: limits "billion laughs".
    package static let maximumNodes = 200_000
    /// The most bytes of text that all aliases of a document may repeat: one that writes them out could be as long.
    package static let maximumRepeatedBytes = 3 << 20

    /// Parses one document. Limits: depth as that of JSON bodies, `maximumNodes` with aliases expanded, `maximumRepeatedBytes`.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> Value {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Failure(description: "invalid UTF-8") }
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<Value, Failure> in
            var reader = YAMLReader(buffer)
            do throws(Failure) {
                return .success(try reader.document())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The value of a scalar, as its tag or else its plain text says.
    static func value(of scalar: Node.Scalar) -> Value {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch Node.scalar(scalar).tag.description {
        case "tag:yaml.org,2002:null": return .null
        case "tag:yaml.org,2002:bool": return Bool.construct(from: scalar).map(Value.bool) ?? .string(text)
        case "tag:yaml.org,2002:int": return Int.construct(from: scalar).map { .integer(Int64($0)) } ?? .string(text)
        case "tag:yaml.org,2002:float": return Double.construct(from: scalar).map(Value.number) ?? .string(text)
        default: return .string(text)
        }
    }

    /// Writes a value as YAML.
    package static func write(_ value: Value) -> String {
        (try? Yams.serialize(node: node(of: value), width: -1)) ?? JSON.text(value)
    }

    private static func node(of value: Value) throws -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .bool(let flag): Node(flag ? "true" : "false", Tag(.bool))
        case .integer(let number): Node(String(number), Tag(.int))
        case .number(let number): Node(String(number), Tag(.float))
        case .string(let text): try text.represented()
        case .array(let items): Node(try items.map(node(of:)))
        case .object(let fields): Node(try fields.map { (Node($0.key), try node(of: $0.value)) })
        }
    }
}
