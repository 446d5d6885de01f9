using System.Text.Json;
using HunyuanOrleans.TestSupport;

namespace HunyuanOrleans.Cli.Tests.Batches;

/// <summary>A temporary folder with a batch and its answers.</summary>
internal sealed class BatchFolder : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Input => _folder.File("in.jsonl");

    public string Output => _folder.File("out.jsonl");

    /// <summary>The answers, by custom_id. Fails if a line is not complete or two lines have the same.</summary>
    public Dictionary<string, JsonElement> Answers => File.ReadAllLines(Output).Select(line => JsonDocument.Parse(line).RootElement)
        .ToDictionary(answer => answer.GetProperty("custom_id").GetString()!);

    public static string Chat(string id, string question, string more = "") =>
        $$$"""{"custom_id":"{{{id}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"demo-model","messages":[{"role":"user","content":"{{{question}}}"}]{{{more}}}}}""";

    public static string Completion(string id, string prompt, string more = "") =>
        $$$"""{"custom_id":"{{{id}}}","method":"POST","url":"/v1/completions","body":{"prompt":"{{{prompt}}}"{{{more}}}}}""";

    public BatchFolder Write(params string[] lines)
    {
        File.WriteAllText(Input, string.Concat(lines.Select(line => line + "\n")));
        return this;
    }

    public CliResult Run(params string[] options) => CliProcess.Run(["run-batch", "-i", Input, "-o", Output, .. options]);

    public void Dispose() => _folder.Dispose();
}
