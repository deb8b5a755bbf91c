import APIProtocol
import ObjectModel
import Testing

@Suite struct RemoteCommandFramingTests {
    @Test func inputsAreReadByTheirChannel() {
        let cases: [([UInt8], ExecInput?)] = [
            ([0, 1, 2], .stdin([1, 2])), ([0], nil), ([], nil), ([255, 0], .endOfInput), ([255, 1], nil), ([255], nil),
            ([4] + Array("{\"Width\":80,\"Height\":24}".utf8), .resize(width: 80, height: 24)),
            ([4] + Array("{\"Width\":0,\"Height\":24}".utf8), nil),
            ([4] + Array("{\"Width\":99999999,\"Height\":24}".utf8), nil), ([4] + Array("nonsense".utf8), nil),
            ([1, 2], nil), ([7, 7], nil),
        ]
        for (message, expected) in cases { #expect(RemoteCommandFraming.input(message) == expected, "\(message)") }
    }

    @Test func outputsCarryTheirChannel() {
        #expect(RemoteCommandFraming.message(ExecOutput.stdout([7])) == [1, 7])
        #expect(RemoteCommandFraming.message(ExecOutput.stderr([7])) == [2, 7])
    }

    @Test func theEndIsAStatus() throws {
        let cases: [(ExecOutput, String)] = [
            (.exit(code: 0, message: ""), #"{"metadata":{},"status":"Success"}"#),
            (
                .exit(code: 3, message: "command terminated with exit code 3"),
                #"{"metadata":{},"status":"Failure","reason":"NonZeroExitCode","#
                    + #""message":"command terminated with exit code 3","#
                    + #""details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#
            ),
            (
                .exit(code: nil, message: "lost"),
                #"{"metadata":{},"status":"Failure","reason":"InternalError","message":"lost","code":500}"#
            ),
        ]
        for (output, text) in cases {
            let message = RemoteCommandFraming.message(output)
            #expect(message.first == 3)
            #expect(String(decoding: message.dropFirst(), as: UTF8.self) == text)
        }
    }

    @Test func theBestSubprotocolOfThoseOfferedIsChosen() {
        #expect(RemoteCommandFraming.choose(from: ["v4.channel.k8s.io", "v5.channel.k8s.io"]) == "v5.channel.k8s.io")
        #expect(RemoteCommandFraming.choose(from: ["v4.channel.k8s.io"]) == "v4.channel.k8s.io")
        #expect(RemoteCommandFraming.choose(from: ["v4.base64.channel.k8s.io"]) == nil)
    }
}
