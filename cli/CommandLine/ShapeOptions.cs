using System.CommandLine;
using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that give a random model its shape: a published model, a scale, and single sizes that replace its own.</summary>
internal static class ShapeOptions
{
    private static readonly Option<string> Like = new Option<string>("--like")
    {
        Description = "The published model whose shape to start from.",
        HelpName = string.Join('|', RandomModelOptions.Presets),
        DefaultValueFactory = _ => RandomModelOptions.Presets[0],
    }.OneOf([.. RandomModelOptions.Presets]);

    private static readonly Option<double?> Scale = new Option<double?>("--scale")
    {
        Description = "Multiplies layers and widths. [default: 1, the published size]",
        HelpName = "X",
    }.InRange(1e-6, 16.0);

    private static readonly Option<ulong?> Seed = new Option<ulong?>("--seed")
    {
        Description = "The same seed and shape give the same files. [default: 1]",
        HelpName = "N",
    }.InRange(ulong.MinValue, ulong.MaxValue);

    private static readonly Option<bool?> Tied = new("--tied")
    {
        Description = "Whether lm_head is the embedding.",
        HelpName = "true|false",
    };

    private static readonly (Option<int?> Option, Func<RandomModelOptions, int, RandomModelOptions> Apply)[] Sizes =
    [
        (Size("--layers", "Layers."), (o, n) => o with { Layers = n }),
        (Size("--hidden", "Width of the residual stream."), (o, n) => o with { Hidden = n }),
        (Size("--heads", "Query heads."), (o, n) => o with { Heads = n }),
        (Size("--kv-heads", "Key/value heads."), (o, n) => o with { KvHeads = n }),
        (Size("--head-dim", "Width of a head."), (o, n) => o with { HeadDim = n }),
        (Size("--intermediate", "Width of one expert, or of the plain MLP."), (o, n) => o with { Intermediate = n }),
        (Size("--experts", "Routed experts; 1 for plain MLPs."), (o, n) => o with { Experts = n }),
        (Size("--top-k", "Experts per token."), (o, n) => o with { TopK = n }),
        (Size("--shared-experts", "Shared experts; 0 for none.", least: 0), (o, n) => o with { SharedExperts = n }),
        (Size("--vocab", "Rows of the embedding."), (o, n) => o with { Vocab = n }),
        (Size("--cla-factor", "Layers that share one K/V; 1 for none."), (o, n) => o with { ClaFactor = n }),
        (Size("--max-positions", "Longest context in tokens."), (o, n) => o with { MaxPositions = n }),
    ];

    /// <summary>Adds all of them to a verb.</summary>
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

    /// <summary>The shape the command line asks for.</summary>
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

    private static Option<int?> Size(string name, string description, int least = 1) =>
        new Option<int?>(name) { Description = description, HelpName = "N" }.InRange(least, 1 << 24);
}
