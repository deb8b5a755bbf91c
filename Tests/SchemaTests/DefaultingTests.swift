import ObjectModel
import Schema
import Testing

@Suite struct DefaultingTests {
    @Test(
        arguments: [
            (["spec", "replicas"], 1), (["spec", "podManagementPolicy"], "OrderedReady"),
            (["spec", "updateStrategy", "type"], "RollingUpdate"), (["spec", "revisionHistoryLimit"], 10),
            (["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain"),
            (["spec", "template", "spec", "dnsPolicy"], "ClusterFirst"),
            (["spec", "template", "spec", "restartPolicy"], "Always"),
            (["spec", "template", "spec", "securityContext"], [:]),
            (["spec", "template", "spec", "terminationGracePeriodSeconds"], 30),
            (["spec", "template", "spec", "schedulerName"], "default-scheduler"),
        ] as [([String], Value)])
    func setsConstantsOfKindAndTypes(path: [String], expected: Value) throws {
        var value = try json(#"{"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}}"#)
        try Fixture.schema(Fixture.set).applyDefaults(to: &value)
        #expect(value.at(path) == expected)
    }

    @Test func reachesIntoLists() throws {
        var value = try json(
            """
            {"spec":{"template":{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}],
            "livenessProbe":{"httpGet":{"port":80},"periodSeconds":3,"timeoutSeconds":0}}],
            "volumes":[{"name":"c","configMap":{"name":"x"}}]}},"volumeClaimTemplates":[{"spec":{}}]}}
            """)
        try Fixture.schema(Fixture.set).applyDefaults(to: &value)
        let container = value["spec", "template", "spec", "containers"]?.array?.first
        #expect(container?["terminationMessagePath"] == "/dev/termination-log")
        #expect(container?["ports"]?.array?.first?["protocol"] == "TCP")
        let probe = container?["livenessProbe"]
        #expect(probe?["httpGet"] == ["port": 80, "path": "/", "scheme": "HTTP"])
        #expect(probe?["periodSeconds"] == 3 && probe?["timeoutSeconds"] == 1 && probe?["failureThreshold"] == 3)
        let volume = value["spec", "template", "spec", "volumes"]?.array?.first
        #expect(volume?["configMap"]?["defaultMode"] == 420)
        let claim = value["spec", "volumeClaimTemplates"]?.array?.first
        #expect(claim?["spec"]?["volumeMode"] == "Filesystem" && claim?["status"]?["phase"] == "Pending")
    }

    @Test(
        arguments: [
            (#"{"spec":{"replicas":0}}"#, ["spec", "replicas"], 0),
            (#"{"spec":{"podManagementPolicy":"Parallel"}}"#, ["spec", "podManagementPolicy"], "Parallel"),
            (#"{"spec":{"podManagementPolicy":""}}"#, ["spec", "podManagementPolicy"], "OrderedReady"),
            (
                #"{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":0}}}}"#,
                ["spec", "template", "spec", "terminationGracePeriodSeconds"], 0
            ),
            (
                #"{"spec":{"template":{"spec":{"securityContext":{"runAsUser":0}}}}}"#,
                ["spec", "template", "spec", "securityContext"], ["runAsUser": 0]
            ),
        ] as [(String, [String], Value)])
    func keepsWhatIsThere(body: String, path: [String], expected: Value) throws {
        var value = try json(body)
        try Fixture.schema(Fixture.set).applyDefaults(to: &value)
        #expect(value.at(path) == expected)
    }

    @Test(arguments: [
        ("{}", #"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#),
        (#"{"type":""}"#, #"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#),
        (#"{"type":"RollingUpdate"}"#, #"{"type":"RollingUpdate"}"#),
        (#"{"type":"RollingUpdate","rollingUpdate":{}}"#, #"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#),
        (#"{"rollingUpdate":{"partition":2}}"#, #"{"type":"RollingUpdate","rollingUpdate":{"partition":2}}"#),
        (#"{"type":"OnDelete"}"#, #"{"type":"OnDelete"}"#),
    ])
    func setsConditionalConstants(strategy: String, expected: String) throws {
        var value: Value = ["spec": ["updateStrategy": try json(strategy)]]
        try Fixture.schema(Fixture.set).applyDefaults(to: &value)
        #expect(value["spec", "updateStrategy"] == (try json(expected)))
    }

    @Test func setsKindDefaultsAtTheObjectOnly() throws {
        var set = try json(#"{"spec":{"template":{"spec":{"containers":[]}}}}"#)
        try Fixture.schema(Fixture.set).applyDefaults(to: &set)
        #expect(set["spec", "template", "spec", "enableServiceLinks"] == nil)
        var pod = try json(#"{"spec":{"containers":[]}}"#)
        try Fixture.schema(Fixture.pod).applyDefaults(to: &pod)
        #expect(pod["spec", "enableServiceLinks"] == true)
    }

    @Test func isIdempotent() throws {
        var once = try json(#"{"spec":{"ports":[{"port":80},{"port":81,"protocol":"UDP"}]}}"#)
        let schema = try Fixture.schema(Fixture.service)
        schema.applyDefaults(to: &once)
        var twice = once
        schema.applyDefaults(to: &twice)
        #expect(once == twice)
        #expect(once["spec", "ports"]?.array?.map { $0["protocol"] } == ["TCP", "UDP"])
        #expect(once["spec", "sessionAffinity"] == "None" && once["spec", "type"] == "ClusterIP")
    }

    @Test(arguments: ["null", "1", "[]", #"{"spec":1}"#, #"{"spec":{"template":[{}]}}"#, #"{"spec":{"ports":{}}}"#])
    func survivesValuesOfWrongTypes(body: String) throws {
        for gvk in [Fixture.set, Fixture.service] {
            var value = try json(body)
            let schema = try Fixture.schema(gvk)
            schema.applyDefaults(to: &value)
            schema.fillRequired(&value)
            _ = schema.validate(value)
        }
    }
}

@Suite struct ValidatingTests {
    @Test(arguments: [
        (
            #"{"spec":{"podManagementPolicy":"Sometimes"}}"#,
            #"spec.podManagementPolicy: Unsupported value: "Sometimes": supported values: "OrderedReady", "Parallel""#
        ),
        (
            #"{"spec":{"template":{"spec":{"restartPolicy":"No"}}}}"#,
            #"spec.template.spec.restartPolicy: Unsupported value: "No": supported values: "Always", "Never", "OnFailure""#
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{},{"ports":[{"protocol":"ICMP"}]}]}}}}"#,
            #"spec.template.spec.containers[1].ports[0].protocol: Unsupported value: "ICMP": supported values: "#
                + #""SCTP", "TCP", "UDP""#
        ),
    ])
    func reportsEnumsAsUpstreamDoes(body: String, error: String) throws {
        let errors = try Fixture.schema(Fixture.set).validate(try json(body))
        #expect(errors.map(\.description) == [error])
        #expect(errors.first?.type == .notSupported)
    }

    @Test func acceptsWhatIsAllowedAndWhatIsEmpty() throws {
        let body = try json(#"{"spec":{"podManagementPolicy":"","template":{"spec":{"restartPolicy":"Always"}}}}"#)
        #expect(try Fixture.schema(Fixture.set).validate(body).isEmpty)
    }
}

@Suite struct CompletingTests {
    @Test func addsWhatServersAlwaysWrite() throws {
        var value = try json(
            #"{"metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}"#)
        let schema = try Fixture.schema(Fixture.set)
        schema.fillRequired(&value)
        #expect(value["spec", "serviceName"] == "" && value["status", "replicas"] == 0)
        #expect(value["spec", "template", "metadata"] == [:])
        #expect(value["spec", "template", "spec", "containers"]?.array?.first?["resources"] == [:])
        #expect(value["spec", "replicas"] == nil && value["metadata", "labels"] == nil)
        #expect(value["spec", "selector"] == nil)
        let once = value
        schema.fillRequired(&value)
        #expect(value == once)
    }

    @Test func keepsWhatIsThere() throws {
        var value = try json(#"{"spec":{"serviceName":"db"},"status":{"replicas":2}}"#)
        try Fixture.schema(Fixture.set).fillRequired(&value)
        #expect(value["spec", "serviceName"] == "db" && value["status", "replicas"] == 2)
    }
}
