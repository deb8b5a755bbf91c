import ObjectModel
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("1024Mi", "1Gi"), ("0.5", "500m"), ("1500m", "1500m"), ("1000m", "1"), ("1.5Gi", "1536Mi"), ("100", "100"),
        ("1000", "1k"), ("1e3", "1e3"), ("0", "0"), ("0.001", "1m"), ("-1500m", "-1500m"), ("1Ki", "1Ki"),
        ("1000000", "1M"), ("128974848", "128974848"), ("0.1Gi", "107374182400m"), ("5n", "5n"), ("9E", "9E"),
    ])
    func textIsCanonical(_ text: String, _ canonical: String) throws {
        #expect(try #require(Quantity(text)).text == canonical)
    }

    @Test(arguments: ["", "x", "1x", "1.2.3", "--1", "Mi", "1 Gi", "1e", "e3", "1mi", "."])
    func nonsenseIsNoQuantity(_ text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test func amountsCompareAndAddAcrossNotations() throws {
        let half = try #require(Quantity("500m"))
        let one = try #require(Quantity("1"))
        #expect(half < one)
        #expect(half + half == one)
        #expect(half.milli == 500)
        #expect(half.roundedUp == 1)
        #expect(try #require(Quantity("1Gi")).roundedUp == 1 << 30)
        #expect(try #require(Quantity("99999999999999999999E")).roundedUp == .max)
    }
}

@Suite struct HostileStatusTests {
    private let kind = GroupVersionKind(group: "apps", version: "v1", kind: "StatefulSet")

    @Test func oneErrorIsToldWhole() {
        let status = APIStatus.invalid(kind, name: "web", [FieldError(.invalid, "spec.a", "x", "must not be x")])
        #expect(status.message == "StatefulSet.apps \"web\" is invalid: spec.a: Invalid value: \"x\": must not be x")
        #expect(status.details?.causes.map(\.field) == ["spec.a"])
    }

    @Test func manyErrorsWithLongValuesStayShort() {
        let long = Value.string(String(repeating: "x", count: 100_000))
        let errors = (0..<1000).map { FieldError(.invalid, "spec.a[\($0)]", long, "must be shorter") }
        let status = APIStatus.invalid(kind, name: "web", errors)
        #expect(status.details?.causes.count == APIStatus.maximumCauses)
        #expect(status.message.utf8.count < 1 << 20)
        #expect(status.message.hasSuffix("and 900 more errors]"))
        #expect(status.details?.causes.last?.message.hasSuffix("...: must be shorter") == true)
    }
}

@Suite struct HostileNumberTests {
    @Test(arguments: [
        ("9223372036854775807", 0), ("-9223372036854775807", 0), ("-9223372036854775807.5", 0),
        ("9223372036854775807.5", 1), ("9223372036854775.8075", 1), ("340282366920938463463374607431768211459", 1),
    ])
    func quantitiesAreCut(_ text: String, _ smaller: Int64) throws {
        let quantity = try #require(Quantity(text))
        let isNegative = text.hasPrefix("-")
        #expect((quantity.milli > 0) == !isNegative)
        #expect((quantity.roundedUp > 0) == !isNegative)
        let doubled = quantity + quantity
        #expect(isNegative ? doubled <= quantity : doubled >= quantity)
        #expect((quantity + Quantity(0)).text == quantity.text)
    }

    @Test func sumsOfQuantitiesStayAtTheLimit() throws {
        let most = try #require(Quantity("9223372036854775807500m"))
        let half = try #require(Quantity("500m"))
        #expect((half + most).roundedUp == .max)
        #expect((most + half).milli == .max)
        #expect(Quantity(.min) + Quantity(-1) == Quantity(.min))
        #expect(Quantity(milli: .min).milli == .min)
        #expect(Quantity(milli: .max).milli == .max)
        #expect(Quantity(milli: -1500).text == "-1500m")
    }

    @Test func resultsThatDoNotFitAreCut() {
        #expect(Int64.max.addingSaturating(1) == .max)
        #expect(Int64.min.addingSaturating(-1) == .min)
        #expect(Int64.min.subtractingSaturating(1) == .min)
        #expect(Int64.max.subtractingSaturating(-1) == .max)
        #expect(Int64.max.multipliedSaturating(by: 2) == .max)
        #expect(Int64.max.multipliedSaturating(by: -2) == .min)
        #expect(Int64.min.multipliedSaturating(by: -1) == .max)
        #expect(Int64(3).addingSaturating(4).multipliedSaturating(by: -2).subtractingSaturating(1) == -15)
    }

    @Test(arguments: [
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "2262-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
    ])
    func timesOfAllYearsKeepTheirText(_ text: String) throws {
        let time = try #require(Timestamp(text))
        #expect(time.text == text)
        #expect(Timestamp(seconds: time.seconds) == time)
        #expect(time + ((time + .seconds(1)) - time) >= time)
        let now = Timestamp(seconds: 1_795_000_000)
        #expect(now + (time - now) == time)
        #expect((time < now) == (time.nanoseconds < now.nanoseconds))
    }

    @Test func timesAreCutToTheYearsThatCanBeWritten() {
        let now = Timestamp("2026-11-21T08:00:00.25Z") ?? Timestamp(seconds: 0)
        #expect((now + .seconds(Int.max)).text == "9999-12-31T23:59:59Z")
        #expect((now + .seconds(Int.min)).text == "0000-01-01T00:00:00Z")
        #expect(Timestamp(seconds: .max).text == "9999-12-31T23:59:59Z")
        #expect(Timestamp(seconds: .min).text == "0000-01-01T00:00:00Z")
        #expect(Timestamp("0000-01-01T00:00:00+23:59")?.text == "0000-01-01T00:00:00Z")
        #expect(Timestamp("9999-12-31T23:59:59-23:59")?.text == "9999-12-31T23:59:59Z")
        #expect(Timestamp(nanoseconds: .min).nanoseconds == .min)
        #expect(Timestamp(nanoseconds: .max).nanoseconds == .max)
        #expect(Timestamp(nanoseconds: -1).nanoText == "1969-12-31T23:59:59.999999999Z")
        #expect((now + .milliseconds(-500)).nanoText == "2026-11-21T07:59:59.750000000Z")
        #expect((now + .milliseconds(800)).nanoText == "2026-11-21T08:00:01.050000000Z")
    }

    @Test func durationsAreCutToWhatClocksCount() {
        #expect(Duration.seconds(Int.max).nanoseconds == .max)
        #expect(Duration.seconds(Int.min).nanoseconds == .min)
        #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
        #expect(Duration.milliseconds(-1500).inSeconds == -1.5)
        #expect(Duration.bounded(seconds: .max).nanoseconds == 3_153_600_000_000_000_000)
        #expect(Duration.bounded(seconds: .min) == .zero)
        #expect(Duration.bounded(seconds: 30) == .seconds(30))
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        ("2006-01-02T15:04:05Z", 1_136_214_245), ("1970-01-01T00:00:00Z", 0), ("2024-02-29T23:59:59Z", 1_709_251_199),
        ("2006-01-02T17:04:05+02:00", 1_136_214_245), ("1969-12-31T23:59:59Z", -1),
    ])
    func readsRFC3339(_ text: String, _ seconds: Int64) throws {
        let time = try #require(Timestamp(text))
        #expect(time.seconds == seconds)
        #expect(Timestamp(seconds: seconds).text.hasSuffix("Z"))
        #expect(Timestamp(Timestamp(seconds: seconds).text) == time)
    }

    @Test(arguments: [
        "2026-02-31T00:00:00Z", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00z", "2026-01-01T00:00:60Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Z ", "",
    ])
    func impossibleTimesAreRefused(_ text: String) { #expect(Timestamp(text) == nil) }

    @Test func fractionsAreKeptAndCut() throws {
        let time = try #require(Timestamp("2026-11-21T08:00:00.123456789Z"))
        #expect(time.text == "2026-11-21T08:00:00Z")
        #expect(time.microText == "2026-11-21T08:00:00.123456Z")
        #expect(time.nanoText == "2026-11-21T08:00:00.123456789Z")
        #expect((time + .seconds(1)) - time == .seconds(1))
    }

    @Test(arguments: [
        "", "2006-01-02", "2006-13-02T15:04:05Z", "2006-01-02T25:04:05Z", "2006-01-02T15:04:05", "x",
    ])
    func nonsenseIsNoTime(_ text: String) {
        #expect(Timestamp(text) == nil)
    }
}

@Suite struct LabelSelectorTests {
    static let labels = ["app": "web", "tier": "db"]

    @Test(arguments: [
        ("app=web", true), ("app==web", true), ("app!=web", false), ("x!=y", true), ("app in (a, web)", true),
        ("app notin (a,b)", true), ("app", true), ("!app", false), ("!x", true), ("app=web,tier=db", true),
        ("app=web,tier=x", false), ("", true), ("app in (a)", false), ("x in (web)", false),
    ])
    func textSelects(_ text: String, _ expected: Bool) throws {
        let selector = try LabelSelector.parse(text)
        #expect(selector.matches(Self.labels) == expected)
        #expect(try LabelSelector.parse(selector.text).matches(Self.labels) == expected)
    }

    @Test(arguments: ["app web", "=x", "app in a", "-app=x"])
    func nonsenseIsRefused(_ text: String) {
        #expect(throws: APIStatus.self) { try LabelSelector.parse(text) }
    }

    @Test func anAbsentSelectorIsNoneAndAnEmptyOneSelectsAll() {
        #expect(LabelSelector(nil as Value?) == nil)
        #expect(LabelSelector(Value.emptyObject)?.matches([:]) == true)
        #expect(LabelSelector(["matchExpressions": [["key": "a", "operator": "Near"]]]) == nil)
    }
}

@Suite struct FieldSelectorTests {
    @Test func termsCompareWithEscapes() throws {
        let selector = try FieldSelector.parse(#"metadata.name=a\,b,status.phase!=Failed,x="#)
        #expect(selector.matches { ["metadata.name": "a,b", "status.phase": "Running"][$0] ?? "" })
        #expect(!selector.matches { ["metadata.name": "a,b", "status.phase": "Failed"][$0] ?? "" })
        #expect(selector.requiredValue(of: "metadata.name") == "a,b")
        #expect(throws: APIStatus.self) { try FieldSelector.parse("nonsense") }
    }
}

@Suite struct YAMLTests {
    @Test func readsWhatManifestsHold() throws {
        let text = """
            apiVersion: v1
            kind: Service
            metadata: {name: nginx, labels: {app: "nginx"}}
            spec:
              clusterIP: None
              ports:
              - port: 80
                name: "80"
              flag: true
              none: null
              ratio: 1.5
            """
        let value = try YAML.parse(Array(text.utf8))
        #expect(value["spec", "clusterIP"] == "None")
        #expect(value["spec", "ports"]?.array?.first == ["port": 80, "name": "80"])
        #expect(value["spec", "flag"] == true)
        #expect(value["spec", "none"] == .null)
        #expect(value["spec", "ratio"] == .number(1.5))
        #expect(try YAML.parse(Array(YAML.write(value).utf8)) == value)
    }

    @Test func aliasBombsAreBounded() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<10 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n"
        }
        #expect(throws: YAML.Failure.self) { try YAML.parse(Array(text.utf8)) }
    }

    @Test(arguments: [
        // A long text, a long key, and both below aliases of aliases.
        "a: &a LONG\nb: [ALIASES]", "a: &a {? LONG : 1}\nb: [ALIASES]", "? &a LONG\n: 1\nb: [ALIASES]",
        "a0: &a0 [LONG]\na: &a {k: [*a0, *a0]}\nb: [ALIASES]",
    ])
    func whatAliasesRepeatIsBounded(_ form: String) throws {
        func text(_ length: Int) -> [UInt8] {
            let aliases = Array(repeating: "*a", count: 1000).joined(separator: ", ")
            return Array(
                form.replacing("LONG", with: String(repeating: "x", count: length)).replacing("ALIASES", with: aliases)
                    .utf8)
        }
        #expect(try YAML.parse(text(1000))["b"]?.array?.count == 1000)
        #expect { try YAML.parse(text(4000)) } throws: { "\($0)".contains("aliases repeat more than 3145728 bytes") }
    }

    @Test(arguments: [
        String(repeating: "[", count: 10_000), String(repeating: "- ", count: 10_000) + "x",
        String(repeating: "{a: ", count: 600), String(repeating: "[", count: 401) + String(repeating: "]", count: 401),
    ])
    func deepNestingIsRefused(_ text: String) {
        #expect(throws: YAML.Failure.self) { try YAML.parse(Array(text.utf8)) }
    }

    @Test func nestingThroughAliasesIsRefusedBeforeItIsBuilt() throws {
        func chain(_ lines: Int, nesting: Int) -> [UInt8] {
            let (open, close) = (String(repeating: "[", count: nesting), String(repeating: "]", count: nesting))
            let chain = (1..<lines).map { "a\($0): &a\($0) \(open)*a\($0 - 1)\(close)\n" }
            return Array(("a0: &a0 x\n" + chain.joined()).utf8)
        }
        #expect(try YAML.parse(chain(4, nesting: 133))["a3"]?.array?.count == 1)
        #expect(throws: YAML.Failure.self) { try YAML.parse(chain(5, nesting: 100)) }
        // What is composed first and judged later overflows the stack when it is freed.
        #expect(throws: YAML.Failure.self) { try YAML.parse(chain(2000, nesting: 400)) }
    }

    @Test func bracketsInTextAreText() throws {
        let open = String(repeating: "[{", count: 400)
        let text = "a: \"\(open)\"\nb: |\n  \(open)\n  \(String(repeating: " ", count: 2000))- x\nc: '\(open)'\n"
        let value = try YAML.parse(Array(text.utf8))
        #expect(value["a"] == .string(open))
        #expect(value["c"] == .string(open))
        #expect(value["b"]?.string?.hasPrefix(open) == true)
    }

    @Test(arguments: [
        ("a: &x 1\nb: *x", #"{"a":1,"b":1}"#), ("&k a: 1\nb: {*k : 2}", #"{"a":1,"b":{"a":2}}"#), ("", "null"),
        ("# nothing\n", "null"), ("--- 5", "5"), ("a: !!str 5\nb: ! 6", #"{"a":"5","b":"6"}"#),
        ("- yes\n- 'yes'\n- 0x10\n- ~", #"[true,"yes",16,null]"#), ("a: >-\n  x\n  y\n", #"{"a":"x y"}"#),
        ("1: a\ntrue: b", #"{"1":"a","true":"b"}"#), ("a: {}\nb: []", #"{"a":{},"b":[]}"#),
    ])
    func yamlBecomesJSON(_ text: String, _ json: String) throws {
        #expect(JSON.text(try YAML.parse(Array(text.utf8))) == json)
    }

    @Test(arguments: [
        ("a: 1\na: 2", "line 2: key \"a\" already set in map"), ("a: *x", "line 1: unknown anchor 'x' referenced"),
        ("a: 1\n---\nb: 2", "found another document"), ("[a]: 1", "a key is not a scalar"), ("a: [1", "line 2: "),
        ("a: &a [*a]", "unknown anchor 'a' referenced"),
    ])
    func wrongDocumentsSayWhere(_ text: String, _ reason: String) {
        #expect { try YAML.parse(Array(text.utf8)) } throws: { "\($0)".contains(reason) }
    }

    @Test func malformedTextIsRefused() {
        #expect(throws: YAML.Failure.self) { try YAML.parse(Array("a: [1".utf8)) }
        #expect(throws: YAML.Failure.self) { try YAML.parse([0xFF]) }
    }
}

@Suite struct APIStatusTests {
    @Test func invalidNamesEveryFieldInUpstreamsWords() {
        let status = APIStatus.invalid(
            GroupVersionKind(group: "apps", version: "v1", kind: "StatefulSet"), name: "web",
            [
                FieldError(.required, "spec.selector"), FieldError(.invalid, "spec.replicas", -1, "must be positive"),
            ])
        #expect(
            status.message
                == #"StatefulSet.apps "web" is invalid: [spec.selector: Required value, spec.replicas: Invalid value: -1: must be positive]"#
        )
        #expect(status.details?.causes.map(\.reason) == ["FieldValueRequired", "FieldValueInvalid"])
        #expect(APIStatus(status.object) == status)
    }

    @Test func notFoundNamesTheResource() {
        let status = APIStatus.notFound(GroupResource(group: "apps", resource: "statefulsets"), name: "web")
        #expect(status.message == #"statefulsets.apps "web" not found"#)
        #expect(status.object["details", "kind"] == "statefulsets")
    }
}

@Suite struct NameRulesTests {
    @Test(arguments: [("web-0", true), ("a.b", true), ("", false), ("-a", false), ("A", false), ("a..b", false)])
    func subdomains(_ name: String, _ valid: Bool) {
        #expect((NameRules.dns1123Subdomain(name) == nil) == valid)
    }

    @Test func labelsAreBounded() {
        #expect(NameRules.labelValue(String(repeating: "a", count: 63)).isEmpty)
        #expect(NameRules.labelValue(String(repeating: "a", count: 64)) == ["must be no more than 63 characters"])
        #expect(NameRules.qualifiedName("example.com/Name").isEmpty)
        #expect(NameRules.qualifiedName("a/b/c").count == 1)
        #expect(NameRules.dns1035Label("1a") != nil)
    }
}
