internal import CYaml
internal import Yams

/// Reads one YAML document event by event. Depth and number of nodes are checked before anything is built, aliases
/// included: a tree that Yams composes of aliases in aliases is deeper than any stack.
struct YAMLReader: ~Copyable {
    private enum Event {
        case scalar(Node.Scalar, anchor: String?)
        case sequence(anchor: String?)
        case mapping(anchor: String?)
        case alias(String)
        /// The end of a sequence or mapping.
        case end
        case document
        case streamEnd
        case other
    }

    /// A value and what it counts for where an alias repeats it.
    private struct Loaded {
        var value: Value
        /// The text of a scalar, should it be a key.
        var text: String?
        var nodes = 1
        var bytes = 0
        var height = 0
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: Loaded] = [:]
    private var budget = YAML.maximumNodes
    private var repeatable = YAML.maximumRepeatedBytes

    /// A reader of bytes that outlive it.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The only document of the stream; null when there is none.
    mutating func document() throws(YAML.Failure) -> Value {
        var event = try next()
        while case .other = event { event = try next() }
        guard case .document = event else { return .null }
        let loaded = try load(try next(), depth: 0)
        event = try next()
        while case .other = event { event = try next() }
        guard case .streamEnd = event else {
            throw YAML.Failure(description: "expected a single document in the stream but found another document")
        }
        return loaded.value
    }

    private mutating func load(_ event: Event, depth: Int) throws(YAML.Failure) -> Loaded {
        switch event {
        case .scalar(let scalar, let anchor):
            try spend(1)
            let text = scalar.string
            return keep(Loaded(value: YAML.value(of: scalar), text: text, bytes: text.utf8.count), anchor)
        case .sequence(let anchor): return keep(try sequence(depth), anchor)
        case .mapping(let anchor): return keep(try mapping(depth), anchor)
        case .alias(let name):
            guard let known = anchors[name] else { throw failure("unknown anchor '\(name)' referenced") }
            try spend(known.nodes)
            repeatable -= known.bytes
            guard repeatable >= 0 else {
                throw YAML.Failure(description: "aliases repeat more than \(YAML.maximumRepeatedBytes) bytes")
            }
            guard depth + known.height <= JSON.maximumBodyDepth else { throw Self.tooDeep }
            return known
        case .end, .document, .streamEnd, .other: throw failure("did not find expected node content")
        }
    }

    private mutating func sequence(_ depth: Int) throws(YAML.Failure) -> Loaded {
        try enter(depth)
        var items: [Value] = []
        var loaded = Loaded(value: .null, height: 1)
        while true {
            let event = try next()
            if case .end = event { break }
            let item = try load(event, depth: depth + 1)
            loaded.nodes += item.nodes
            loaded.bytes += item.bytes
            loaded.height = max(loaded.height, item.height + 1)
            items.append(item.value)
        }
        loaded.value = .array(items)
        return loaded
    }

    private mutating func mapping(_ depth: Int) throws(YAML.Failure) -> Loaded {
        try enter(depth)
        var fields = Fields()
        var loaded = Loaded(value: .null, height: 1)
        while true {
            let event = try next()
            if case .end = event { break }
            guard let key = try load(event, depth: depth + 1).text else { throw failure("a key is not a scalar") }
            guard fields[key] == nil else { throw failure("key \"\(key.cut(toBytes: 256))\" already set in map") }
            let item = try load(try next(), depth: depth + 1)
            loaded.nodes += item.nodes + 1
            loaded.bytes += item.bytes + key.utf8.count
            loaded.height = max(loaded.height, item.height + 1)
            fields[key] = item.value
        }
        loaded.value = .object(fields)
        return loaded
    }

    private mutating func keep(_ loaded: Loaded, _ anchor: String?) -> Loaded {
        if let anchor { anchors[anchor] = loaded }
        return loaded
    }

    private mutating func enter(_ depth: Int) throws(YAML.Failure) {
        guard depth < JSON.maximumBodyDepth else { throw Self.tooDeep }
        try spend(1)
    }

    private mutating func spend(_ nodes: Int) throws(YAML.Failure) {
        budget -= nodes
        guard budget >= 0 else {
            throw YAML.Failure(description: "document has more than \(YAML.maximumNodes) nodes")
        }
    }

    private static let tooDeep = YAML.Failure(description: "exceeded max depth of \(JSON.maximumBodyDepth)")

    private func failure(_ problem: String) -> YAML.Failure {
        let line = parser.pointee.error == YAML_NO_ERROR ? parser.pointee.mark.line : parser.pointee.problem_mark.line
        return YAML.Failure(description: "error converting YAML to JSON: yaml: line \(line + 1): \(problem)")
    }

    private func next() throws(YAML.Failure) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            throw failure(parser.pointee.problem.map { String(cString: $0) } ?? "malformed text")
        }
        defer { yaml_event_delete(&event) }
        switch event.type {
        case YAML_SCALAR_EVENT: return Self.scalar(event)
        case YAML_SEQUENCE_START_EVENT: return .sequence(anchor: Self.text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT: return .mapping(anchor: Self.text(event.data.mapping_start.anchor))
        case YAML_ALIAS_EVENT: return .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
        case YAML_DOCUMENT_START_EVENT: return .document
        case YAML_STREAM_END_EVENT: return .streamEnd
        default: return .other
        }
    }

    private static func scalar(_ event: yaml_event_t) -> Event {
        let data = event.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
        let tag: Tag.Name
        if data.quoted_implicit == 1 {
            tag = .str
        } else {
            tag = Self.text(data.tag).map { Tag.Name(rawValue: $0) } ?? .implicit
        }
        let style = Node.Scalar.Style(rawValue: UInt32(data.style.rawValue)) ?? .any
        return .scalar(Node.Scalar(text, Tag(tag), style), anchor: Self.text(data.anchor))
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}
