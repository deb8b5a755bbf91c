import ObjectModel
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"a":1,"b":[true,false,null],"c":{"d":"x"},"e":1.5,"f":-7}"#,
        #"{"text":"line\nquote\"back\\slash\ttab"}"#,
        #"["äöü","日本","🙂"]"#,
        "{}", "[]", "0", "\"\"",
    ])
    func roundTripKeepsText(_ text: String) throws {
        #expect(JSON.text(try JSON.parse(text)) == text)
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("{\"a\"}", 4), ("[1,]", 3), ("01", 2), ("1.", 2), ("tru", 0), ("\"\u{1}\"", 1),
        ("{\"a\":1} x", 8), ("nul", 0), ("\"\\x\"", 3), ("-", 1), ("1e", 2), ("{a:1}", 1),
    ])
    func malformedInputIsRefusedWithItsPlace(_ text: String, _ offset: Int) {
        #expect { try JSON.parse(text) } throws: { ($0 as? JSONError)?.offset == offset }
    }

    @Test func nestingIsBoundedBeforeTheTreeIsBuilt() throws {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        #expect { try JSON.parse(deep) } throws: { "\($0)".contains("exceeded max depth") }
        let allowed = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(try JSON.parse(allowed).array?.count == 1)
    }

    @Test func surrogatePairsAreOneCharacterAndLoneOnesAreReplaced() throws {
        #expect(try JSON.parse(#""\ud83d\ude42""#) == "🙂")
        #expect(try JSON.parse(#""\ud83dx""#) == "\u{FFFD}x")
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: JSONError.self) { try JSON.parse([0x22, 0xFF, 0x22]) }
    }

    @Test func duplicateKeysAreReportedWithTheirPath() throws {
        var seen: [String] = []
        let value = try JSON.parse(Array(#"{"a":{"b":1,"b":2}}"#.utf8)) { seen.append($0) }
        #expect(seen == ["a.b"])
        #expect(value["a", "b"] == 2)
    }

    @Test func reportsOfDuplicateKeysAreBounded() throws {
        let long = String(repeating: "ö", count: 100_000)
        let inner = (0..<1000).map { "\"a\":\($0)" }.joined(separator: ",")
        var seen: [String] = []
        let value = try JSON.parse(Array("{\"\(long)\":{\(inner)}}".utf8)) { seen.append($0) }
        #expect(seen.count == JSON.maximumDuplicates)
        #expect(seen.allSatisfy { $0.utf8.count <= JSON.maximumPathLength + 3 })
        #expect(seen.first?.hasPrefix("öö") == true)
        #expect(value[long, "a"] == 999)
    }

    @Test(arguments: [("abc", 3, "abc"), ("abcd", 3, "abc..."), ("aöb", 2, "a..."), ("öb", 1, "..."), ("", 0, "")])
    func textIsCutBetweenScalars(_ text: String, _ limit: Int, _ expected: String) {
        #expect(text.cut(toBytes: limit) == expected)
    }

    @Test func integersAndFractionsStayApart() throws {
        #expect(try JSON.parse("9223372036854775807") == .integer(.max))
        #expect(try JSON.parse("1.0") == .number(1))
        #expect(throws: JSONError.self) { try JSON.parse("1e999") }
    }

    @Test func manyFieldsStayFast() throws {
        var fields = Fields()
        for number in 0..<20_000 { fields["key\(number)"] = .integer(Int64(number)) }
        let copy = try JSON.parse(JSON.write(.object(fields)))
        #expect(copy["key19999"] == 19999)
        #expect(copy.fields?.count == 20_000)
    }
}

@Suite struct ValueTests {
    @Test func pathsReadSetAndRemove() {
        var value: Value = ["metadata": ["name": "web"]]
        value["metadata", "labels", "app"] = "x"
        #expect(value["metadata", "labels", "app"] == "x")
        value["metadata", "labels", "app"] = nil
        #expect(value["metadata", "labels"] == [:])
        value["status", "phase"] = nil
        #expect(value["status"] == nil)
    }

    @Test func equalityIgnoresTheOrderOfFields() {
        let left: Value = ["a": 1, "b": 2]
        let right: Value = ["b": 2, "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
    }

    @Test(arguments: [0, 30])
    func textsWithOtherBytesAreOthers(more: Int) {
        let composed = "\u{E9}"
        let decomposed = "e\u{301}"
        #expect(Value.string(composed) != .string(decomposed))
        #expect(Set<Value>([.string(composed), .string(decomposed), .string(composed)]).count == 2)
        // The Angstrom sign and A with a ring have as many bytes and are the same to Swift.
        #expect(Value.string("\u{212B}") != .string("A\u{30A}"))
        var fields = Fields((0..<more).map { ("k\($0)", .integer(Int64($0))) })
        fields[composed] = 1
        fields[decomposed] = 2
        #expect(fields.count == more + 2)
        #expect(fields[composed] == 1)
        #expect(fields[decomposed] == 2)
        var other = fields
        other[composed] = nil
        #expect(other[decomposed] == 2)
        #expect(other != fields)
    }

    @Test func removingAFieldKeepsTheIndexOfALargeObject() {
        var fields = Fields((0..<30).map { ("k\($0)", .integer(Int64($0))) })
        fields["k3"] = nil
        #expect(fields["k29"] == 29)
        #expect(fields["k3"] == nil)
        #expect(fields.count == 29)
    }
}

@Suite struct EncodedObjectTests {
    @Test func resourceVersionIsSplicedIn() throws {
        let object: Value = [
            "metadata": ["name": "web", "resourceVersion": "9"], "kind": "Pod", "apiVersion": "v1", "spec": ["x": 1],
        ]
        let encoded = EncodedObject(object)
        #expect(
            String(decoding: encoded.json(at: Revision(42)), as: UTF8.self)
                == #"{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"42","name":"web"},"spec":{"x":1}}"#)
        #expect(encoded.value(at: Revision(42)).revision == Revision(42))
        #expect(!String(decoding: encoded.bytes, as: UTF8.self).contains("resourceVersion"))
    }

    @Test(arguments: ["-1", "+1", "x", "", "1.5", "99999999999999999999"])
    func onlyDecimalsAreRevisions(_ text: String) {
        #expect(Revision(resourceVersion: text) == nil)
    }
}
