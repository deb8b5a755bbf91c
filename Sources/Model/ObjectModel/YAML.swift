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

    /// Parses one document. Limits: depth as JSON's, `maximumNodes` with aliases expanded.
    package static func parse(_ bytes: [UInt8]) throws(Failure) -> Value {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure(description: "invalid UTF-8") }
        do {
            try checkDepth(text)
            guard let node = try Yams.compose(yaml: text) else { return .null }
            var budget = maximumNodes
            return try value(of: node, depth: 0, budget: &budget)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "error converting YAML to JSON: \(error)")
        }
    }

    /// Flow collections nest by brackets, block collections by indentation: both are bounded before Yams, which
    /// recurses, sees the text.
    private static func checkDepth(_ text: String) throws(Failure) {
        var brackets = 0
        var indent = 0
        var atStart = true
        var blockDepth = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
            default: break
            }
            if byte == 0x0A {
                atStart = true
                indent = 0
                blockDepth = 0
            } else if atStart {
                if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") {
                    indent += 1
                    blockDepth = max(blockDepth, indent)
                } else {
                    atStart = false
                }
            }
            if brackets > JSON.maximumDepth || blockDepth > 2 * JSON.maximumDepth {
                throw Failure(description: "exceeded max depth of \(JSON.maximumDepth)")
            }
        }
    }

    private static func value(of node: Node, depth: Int, budget: inout Int) throws(Failure) -> Value {
        budget -= 1
        guard budget >= 0 else { throw Failure(description: "document has more than \(maximumNodes) nodes") }
        guard depth < JSON.maximumDepth else {
            throw Failure(description: "exceeded max depth of \(JSON.maximumDepth)")
        }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar, node)
        case .sequence(let sequence):
            var items: [Value] = []
            for item in sequence { items.append(try value(of: item, depth: depth + 1, budget: &budget)) }
            return .array(items)
        case .mapping(let mapping):
            var fields = Fields()
            for (key, item) in mapping {
                guard let name = key.scalar?.string else { throw Failure(description: "a key is not a scalar") }
                fields[name] = try value(of: item, depth: depth + 1, budget: &budget)
            }
            return .object(fields)
        case .alias:
            throw Failure(description: "unresolved alias")
        }
    }

    private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> Value {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch node.tag.description {
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
