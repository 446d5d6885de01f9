using System.Diagnostics;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests;

public sealed class RunScriptTests
{
    [SkippableFact]
    public void Other_files_of_the_folder_stay()
    {
        Skip.If(OperatingSystem.IsWindows(), "The script needs bash.");
        using TempFolder folder = new();
        string results = Directory.CreateDirectory(folder.File("results")).FullName;
        File.Copy(Path.Combine(TestPaths.Root, "bench", "gpu", "run"), folder.File("run"));
        File.WriteAllText(folder.File("hunyuan-bench"), """
            #!/usr/bin/env bash
            while [ "$1" != --json ]; do shift; done
            echo '{"passed": true}' >"$2"
            """);
        Directory.CreateDirectory(folder.File("expected"));
        File.WriteAllText(folder.File("expected/ids"), "1,2");
        foreach (string name in new[] { "mine.json", "mine.log", "devices.log", "results.json" })
        {
            File.WriteAllText(Path.Combine(results, name), "text");
        }

        using Process script = Process.Start(
            new ProcessStartInfo("bash", ["-c", "chmod +x \"$1/hunyuan-bench\" && \"$1/run\" --interpreter --out \"$2\"", "bash", folder.Root, results])
            {
                RedirectStandardOutput = true,
            })!;
        string output = script.StandardOutput.ReadToEnd();
        script.WaitForExit();
        Assert.True(script.ExitCode == 0, output);
        Assert.Equal("text", File.ReadAllText(Path.Combine(results, "mine.json")));
        Assert.Equal("text", File.ReadAllText(Path.Combine(results, "mine.log")));
        JsonObject written = JsonNode.Parse(File.ReadAllText(Path.Combine(results, "results.json")))!.AsObject();
        Assert.Equal(["failed_parts", "check", "speed"], written.Select(static part => part.Key));
        Assert.True(written["check"]!["passed"]!.GetValue<bool>());
    }
}
