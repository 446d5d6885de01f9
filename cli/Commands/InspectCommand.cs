using HunyuanOrleans.Model.Loading;
using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>inspect</c>: shows what a model folder holds. Reads the config and the headers of the files, but no weights.</summary>
internal static class InspectCommand
{
    private static readonly Argument<string?> Folder = new("DIR")
    {
        Description = "The model folder; the same as --model.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("inspect", "Shows the shape, the parameters and the sizes of a model.")
        {
            Folder, SharedOptions.Model, SharedOptions.Mode, SharedOptions.Quant, SharedOptions.MaxModelLength, SharedOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string? folder = parsed.GetValue(Folder);
        if (folder is not null && parsed.GetValue(SharedOptions.Model) is not null)
        {
            throw new UsageException("Name the folder once: either DIR or --model.");
        }

        folder ??= SharedOptions.ModelFolder(parsed);
        ModelInspection found = ModelInspection.Load(folder, parsed.GetValue(SharedOptions.MaxModelLength));
        WeightTypes types = WeightTypes.Of(found.Config, ComputeSettings.Mode(parsed), ComputeSettings.Quant(parsed));
        WeightSizes sizes = new(found.Config, types);
        InspectedMtp? mtp = InspectedMtp.Of(found.Config, sizes);
        PackedWeights packed = new(types.Name, sizes.Packed);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(InspectResult.Of(folder, found, packed, mtp), JsonOutput.Readable.InspectResult));
        }
        else
        {
            CreateTable(folder, found, packed, mtp).WriteTo(output);
        }

        // A folder without weights is valid, but weights that cannot be loaded are an error.
        return found.Problem is null || found.Tensors == 0 ? ExitCode.Success : throw new ModelException(found.Problem);
    }

    private static FactTable CreateTable(string folder, ModelInspection found, PackedWeights packed, InspectedMtp? mtp)
    {
        ModelConfig config = found.Config;
        FactTable table = new FactTable()
            .Add("model", folder)
            .Add("type", $"{config.ModelType}{(config.QuantizationMethod is { } method ? $", {method}" : "")}")
            .Add("layers", config.ClaFactor > 1 ? $"{config.Layers} (every {config.ClaFactor} share one K/V)" : $"{config.Layers}")
            .Add("hidden size", $"{config.HiddenSize}")
            .Add("heads", $"{config.Heads} query, {config.KvHeads} key/value, of {config.HeadDim}{(config.UseQkNorm ? ", normed" : "")}")
            .Add("MLP", Mlp(config))
            .Add("vocabulary", $"{config.VocabSize}{(config.TieWordEmbeddings ? ", embedding tied" : "")}")
            .Add("context", $"{config.MaxPositions} positions, rope theta {config.Rope.Theta}{Scaling(config.Rope)}")
            .Add("stops at", string.Join(", ", config.EosTokenIds))
            .Add("sampling", Sampling(found.Generation))
            .Add("parameters", $"{Units.Count(found.Parameters.Total)} ({found.Parameters.Total:N0})")
            .Add("active", $"{Units.Count(found.Parameters.Active)} ({found.Parameters.Active:N0}) per token")
            .Add("in memory", $"{Units.Bytes(packed.Bytes)} ({packed.Bytes:N0} bytes) of weights as {packed.Types}")
            .Add("MTP layer", mtp is null
                ? null
                : $"{Units.Count(mtp.Parameters)} ({mtp.Parameters:N0}) parameters; with --mtp-tokens {Units.Bytes(mtp.Bytes)} ({mtp.Bytes:N0} bytes) of weights "
                    + $"more and {mtp.KvBytesPerToken:N0} bytes of KV per token in bf16")
            .Add("KV cache", $"{found.KvBytesPerToken[KvFormat.Bf16]:N0} bytes per token in bf16, {found.KvBytesPerToken[KvFormat.Int8]:N0} in int8 or fp8")
            .Add("KV of a context", $"{Units.Bytes(found.KvBytesPerToken[KvFormat.Bf16] * config.MaxPositions)} in bf16, "
                + $"{Units.Bytes(found.KvBytesPerToken[KvFormat.Int8] * config.MaxPositions)} in int8 or fp8");
        foreach ((StoredType type, long bytes) in found.BytesByType)
        {
            table.Add($"stored {type}", $"{Units.Bytes(bytes)} ({bytes:N0} bytes)");
        }

        return table
            .Add("files", found.Files.Count == 0
                ? null
                : $"{found.Files.Count}, {found.Tensors} tensors, {Units.Bytes(found.Files.Sum(f => f.Bytes))}")
            .Add("problem", found.Problem);
    }

    private static string Mlp(ModelConfig config)
    {
        if (!config.HasExperts)
        {
            return $"plain, of {Span(0, config.Layers, config.IntermediateSize)}";
        }

        int first = config.FirstMoeLayer;
        string plain = first == 0 ? "" : $"; plain, of {Span(0, first, config.IntermediateSize)}, in the first {(first == 1 ? "layer" : $"{first} layers")}";
        return $"{config.Experts} experts of {Span(first, config.Layers, config.IntermediateSize)}, top-{Span(first, config.Layers, config.TopK)}, "
            + $"{config.SharedExperts(config.Layers - 1)} shared{plain}";
    }

    private static string Span(int first, int end, Func<int, int> value)
    {
        int[] values = [.. Enumerable.Range(first, end - first).Select(value)];
        return values.Min() == values.Max() ? $"{values[0]}" : $"{values.Min()}…{values.Max()}";
    }

    private static string Scaling(RopeSettings rope) => rope.Scaling switch
    {
        RopeScaling.Alpha => $", alpha {rope.Alpha}",
        RopeScaling.Linear => $", positions divided by {rope.Factor}",
        RopeScaling.Dynamic => $", factor {rope.Factor} past {rope.MaxPositions} positions",
        _ => "",
    };

    private static string Sampling(GenerationDefaults defaults) => defaults.DoSample
        ? $"temperature {defaults.Temperature}, top-p {defaults.TopP}, top-k {defaults.TopK}, "
            + $"repetition penalty {defaults.RepetitionPenalty}"
        : $"greedy, repetition penalty {defaults.RepetitionPenalty}";
}
