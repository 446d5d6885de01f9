using System.CommandLine;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that set the shape of a random model: a published model, a scale, and single sizes that replace those of the published model.</summary>
internal static class ShapeOptions
{
    private static readonly Option<string> Like = new Option<string>("--like")
    {
        Description = "The published model whose shape is used where no other option changes it.",
        HelpName = string.Join('|', RandomModelOptions.Presets),
        DefaultValueFactory = _ => RandomModelOptions.Presets[0],
    }.OneOf([.. RandomModelOptions.Presets]);

    private static readonly Option<double?> Scale = new Option<double?>("--scale")
    {
        Description = "Multiply the number of layers and the widths by X. [default: 1, the published size]",
        HelpName = "X",
    }.InRange(1e-6, 16.0);

    private static readonly Option<ulong?> Seed = new Option<ulong?>("--seed")
    {
        Description = "The seed of the weights. The same seed and shape give the same files. [default: 1]",
        HelpName = "N",
    }.InRange(ulong.MinValue, ulong.MaxValue);

    private static readonly Option<bool?> Tied = new("--tied")
    {
        Description = "Whether the output head uses the weights of the embedding. [default: as in the published model]",
        HelpName = "true|false",
    };

    private static readonly (Option<int?> Option, Func<RandomModelOptions, int, RandomModelOptions> Apply)[] Sizes =
    [
        (Size("--layers", "Number of layers."), (o, n) => o with { Layers = n }),
        (Size("--hidden", "Width of the residual stream."), (o, n) => o with { Hidden = n }),
        (Size("--heads", "Number of query heads."), (o, n) => o with { Heads = n }),
        (Size("--kv-heads", "Number of key/value heads."), (o, n) => o with { KvHeads = n }),
        (Size("--head-dim", "Width of a head."), (o, n) => o with { HeadDim = n }),
        (Size("--intermediate", "Width of an expert, or of the MLP in a model without experts."), (o, n) => o with { Intermediate = n }),
        (Size("--dense-layers", "Number of first layers with an MLP instead of experts.", least: 0), (o, n) => o with { DenseLayers = n }),
        (Size("--dense-intermediate", "Width of the MLP in these layers."), (o, n) => o with { DenseIntermediate = n }),
        (Size("--experts", "Number of routed experts; 1 means a model without experts."), (o, n) => o with { Experts = n }),
        (Size("--top-k", "Number of experts per token."), (o, n) => o with { TopK = n }),
        (Size("--shared-experts", "Number of shared experts; 0 means none.", least: 0), (o, n) => o with { SharedExperts = n }),
        (Size("--mtp-layers", "Number of layers that predict further tokens, 0 or 1; only in models of type hy_v3.", least: 0, most: 1),
            (o, n) => o with { PredictLayers = n }),
        (Size("--vocab", "Number of tokens in the vocabulary."), (o, n) => o with { Vocab = n }),
        (Size("--cla-factor", "Number of layers that share keys and values (cross-layer attention); 1 means none."), (o, n) => o with { ClaFactor = n }),
        (Size("--max-positions", "Longest context in tokens."), (o, n) => o with { MaxPositions = n }),
    ];

    /// <summary>Adds the options to a verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Like);
        command.Add(Scale);
        command.Add(Seed);
        foreach ((Option<int?> option, _) in Sizes)
        {
            command.Add(option);
        }

        command.Add(Tied);
    }

    /// <summary>The shape that the command line sets.</summary>
    /// <exception cref="HunyuanOrleans.Model.ModelException">A value is not allowed.</exception>
    public static RandomModelOptions Read(ParseResult parsed)
    {
        RandomModelOptions shape = RandomModelOptions.FromPreset(parsed.GetValue(Like)!, parsed.GetValue(Scale) ?? 1);
        foreach ((Option<int?> option, Func<RandomModelOptions, int, RandomModelOptions> apply) in Sizes)
        {
            if (parsed.GetValue(option) is int value)
            {
                shape = apply(shape, value);
            }
        }

        return shape with { Seed = parsed.GetValue(Seed) ?? 1, Tied = parsed.GetValue(Tied) ?? shape.Tied };
    }

    private static Option<int?> Size(string name, string description, int least = 1, int most = 1 << 24) =>
        new Option<int?>(name) { Description = description, HelpName = "N" }.InRange(least, most);
}
