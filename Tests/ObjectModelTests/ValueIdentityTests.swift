import ObjectModel
import Testing

@Suite struct ValueIdentityTests {
    private static let trees: [Value] = [
        .null, true, 1, "text", ["a", "b"], [:], ["a": ["b": [1, 2]]],
    ]

    @Test(arguments: trees) func aCopyIsIdenticalUntilItChanges(_ tree: Value) {
        var copy = tree
        #expect(copy.isIdentical(to: tree))
        copy["new"] = 1
        #expect(!copy.isIdentical(to: tree))
    }

    @Test func treesOfTheirOwnAreEqualAndNotIdentical() throws {
        let texts = [#"{"a":{"b":[1,2]},"c":null}"#, #"[{"x":1},2]"#]
        for text in texts {
            let (one, two) = (try JSON.parse(Array(text.utf8)), try JSON.parse(Array(text.utf8)))
            #expect(one == two)
            #expect(!one.isIdentical(to: two))
        }
    }

    @Test func aChangeKeepsWhatIsBesideIt() {
        let before: Value = ["spec": ["containers": [["name": "a"]]], "status": ["phase": "Pending"]]
        var after = before
        after["status", "phase"] = "Running"
        #expect(after["spec"].map { $0.isIdentical(to: before["spec"] ?? .null) } == true)
        #expect(after != before)
    }

    @Test func fieldsAreEqualInAnyOrder() {
        let many = (0..<40).map { ("field\($0)", Value.integer(Int64($0))) }
        let forward = Value.object(Fields(many))
        let backward = Value.object(Fields(many.reversed()))
        #expect(forward == backward)
        var changed = backward
        changed["field7"] = 8
        #expect(forward != changed)
        changed["field7"] = nil
        changed["other"] = 7
        #expect(forward != changed)
    }

    @Test func onlyWhatChangesIsReplaced() {
        let fields = Fields([("a", 1), ("b", 2)])
        var same = fields
        #expect(!same.updateValues { _, _ in nil })
        #expect(Value.object(same).isIdentical(to: .object(fields)))
        var other = fields
        #expect(other.updateValues { key, _ in if key == "b" { 3 } else { nil } })
        #expect(Value.object(other) == ["a": 1, "b": 3])
    }
}
