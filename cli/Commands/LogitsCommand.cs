using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>logits</c>: computes the logits of a prompt, to compare them with other implementations.</summary>
internal static class LogitsCommand
{
    private const int DefaultChunk = 512;

    private static readonly Option<bool> All = new("--all") { Description = "Compute the logits of every position instead of the last one only." };

    private static readonly Option<int?> Chunk = new Option<int?>("--chunk")
    {
        Description = $"The number of prompt tokens that are processed together. The result does not depend on it. [default: {DefaultChunk}]",
        HelpName = "N",
    }.InRange(1, 65536);

    private static readonly Option<string?> Out =
        SharedOptions.Out("Write the logits to FILE as float32 in little-endian order, [positions, vocabulary].");

    private static readonly Option<int[]?> Ids = SharedOptions.IdList(required: true);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("logits", "Computes the logits of a prompt of token ids.") { SharedOptions.Model, Ids, All, Chunk, Out };
        command.Add(AdapterOptions.Folder);
        SharedOptions.AddComputeTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string folder = SharedOptions.ModelFolder(parsed);
        int[] ids = parsed.GetRequiredValue(Ids)!;
        bool all = parsed.GetValue(All);
        ModelConfig config = ModelConfig.Load(folder).WithContext(parsed.GetValue(SharedOptions.MaxModelLength));
        CheckIds(ids, config);
        AdapterOptions.Check(parsed, config);
        int chunk = Math.Min(parsed.GetValue(Chunk) ?? DefaultChunk, ids.Length);
        ModelOptions options = ComputeSettings.Read(parsed) with
        {
            KvTokens = ids.Length,
            MaxBatchTokens = chunk,
            MaxLogitRows = all ? chunk : 1,
        };

        using FileStream? file = parsed.GetValue(Out) is { } path ? File.Create(path) : null;
        using InterruptHandler interrupt = new();
        using ModelRunner model = ModelLoading.Load(folder, options, interrupt.Token);
        using LoraAdapter? adapter = parsed.GetValue(AdapterOptions.Folder) is { } lora ? model.LoadAdapter(lora) : null;
        LogitsWriter writer = new(file, config.VocabSize);
        ProgressDisplay.Run("Computing", bytes: false, report =>
        {
            PromptLogits.Run(model, ids, chunk, all, done => report(done, ids.Length), writer.Write, interrupt.Token, adapter);
            return true;
        });

        LogitsResult result = new(all ? ids.Length : 1, config.VocabSize, writer.Top());
        parsed.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.LogitsResult));
        return ExitCode.Success;
    }

    private static void CheckIds(int[] ids, ModelConfig config)
    {
        foreach (int id in ids)
        {
            if (id >= config.VocabSize)
            {
                throw new ModelException($"Token id {id} is outside the vocabulary; allowed: 0 to {config.VocabSize - 1}.");
            }
        }

        if (ids.Length > config.MaxPositions)
        {
            throw new ModelException($"The prompt has {ids.Length} tokens; the model's context allows {config.MaxPositions}.");
        }
    }
}
