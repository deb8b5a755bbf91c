import ObjectModel
import Testing

@Suite struct EncodedFieldsTests {
    @Test func labelsAreFoundWhereverTheyStand() {
        let labels: Value = ["app": "we\"b", "tier": "{db}", "n": ""]
        let cases: [(Value, [String: String])] = [
            (["name": "a"], [:]), (["labels": labels], labels.stringMap),
            (["name": "a", "labels": labels, "uid": "u"], labels.stringMap),
            (["annotations": ["labels": "x", "k": "a\\\"b,{["], "labels": labels], labels.stringMap),
            (
                ["ownerReferences": [["labels": ["no": "no"], "controller": true], 5, .null], "labels": labels],
                labels.stringMap
            ),
            (["name": "a", "labels": [:]], [:]), (["generation": 3, "labels": labels], labels.stringMap),
        ]
        for (metadata, expected) in cases {
            let object: Value = ["kind": "K", "metadata": metadata, "spec": ["labels": ["other": "x"]]]
            #expect(EncodedObject(object).labels == expected, "\(JSON.text(metadata))")
        }
    }

    @Test func theTextOfAnyFieldIsFound() {
        let object: Value = [
            "kind": "K", "metadata": ["name": "a", "spec": "no"],
            "spec": [
                "a": ["nodeName": "other", "b": [["x": 1]]], "nodeName": "n\"1\\é", "on": true, "n": 5, "no": .null,
            ],
            "type": "t", "list": [1],
        ]
        let encoded = EncodedObject(object)
        for (path, text) in [
            ("spec.nodeName", "n\"1\\é"), ("spec.on", "true"), ("spec.n", "5"), ("type", "t"), ("kind", "K"),
            ("metadata.name", "a"), ("spec.a.nodeName", "other"),
        ] { #expect(encoded.text(at: path.split(separator: ".").map(String.init)) == text, "\(path)") }
        for path in ["spec", "list", "spec.no", "spec.none", "none.name", "type.x", "spec.a.b.x", ""] {
            #expect(encoded.text(at: path.split(separator: ".").map(String.init)) == nil, "\(path)")
        }
    }
}
