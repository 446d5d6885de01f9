using System.Diagnostics;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class RunScriptTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public RunScriptTests()
    {
        File.Copy(Path.Combine(TestPaths.Root, "bench", "gpu", "run"), _folder.File("run"));
        Directory.CreateDirectory(_folder.File("program"));
        Directory.CreateDirectory(_folder.File("expected"));
        File.WriteAllText(_folder.File("expected/ids"), "1,2");
        File.WriteAllText(_folder.File("program/HunyuanOrleans.Bench"), """
            #!/usr/bin/env bash
            while [ "$1" != --json ]; do shift; done
            echo '{"passed": true}' >"$2"
            """);
    }

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Other_files_of_the_folder_stay()
    {
        string results = Directory.CreateDirectory(_folder.File("results")).FullName;
        foreach (string name in new[] { "mine.json", "mine.log", "devices.log", "results.json" })
        {
            File.WriteAllText(Path.Combine(results, name), "text");
        }

        JsonObject written = Run(0, "--interpreter");
        Assert.Equal("text", File.ReadAllText(Path.Combine(results, "mine.json")));
        Assert.Equal("text", File.ReadAllText(Path.Combine(results, "mine.log")));
        Assert.Equal(["failed_parts", "check", "speed"], written.Select(static part => part.Key));
        Assert.True(written["check"]!["passed"]!.GetValue<bool>());
    }

    [SkippableTheory]
    [InlineData("7,8,9", true)]
    [InlineData("7,8,5", false)]
    public void Tokens_of_the_command_are_compared(string generated, bool same)
    {
        Directory.CreateDirectory(_folder.File("models/tiny-cla"));
        File.WriteAllText(_folder.File("expected/tiny-cla.tokens"), "7,8,9\n");
        File.WriteAllText(_folder.File("program/hunyuan"), $"""
            #!/usr/bin/env bash
            [[ "$*" == *"--device cuda:3"* ]] && echo {generated}
            """);
        JsonObject written = Run(same ? 0 : 1, "--device", "3");
        Assert.Equal(same ? 0 : 1, written["failed_parts"]!.GetValue<int>());
        Assert.Equal(same, written["generate-tiny-cla"]!["same_tokens"]!.GetValue<bool>());
    }

    private JsonObject Run(int exitCode, params string[] options)
    {
        Skip.If(OperatingSystem.IsWindows(), "The script needs bash.");
        string results = _folder.File("results");
        const string Command = "chmod +x \"$0\"/program/* && \"$0/run\" --out \"$0/results\" \"$@\"";
        using Process script = Process.Start(new ProcessStartInfo("bash", ["-c", Command, _folder.Root, .. options]) { RedirectStandardOutput = true })!;
        string output = script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        Assert.True(script.ExitCode == exitCode, output);
        return JsonNode.Parse(File.ReadAllText(Path.Combine(results, "results.json")))!.AsObject();
    }
}
