namespace HunyuanOrleans.Model.Adapters;

/// <summary>
/// The settings of a LoRA adapter as PEFT's <c>adapter_config.json</c> gives them, as far as they matter after training. It does not know the model.
/// </summary>
public sealed class LoraConfig
{
    /// <summary>Name of the file in an adapter's folder.</summary>
    public const string FileName = "adapter_config.json";

    /// <summary>Largest rank of a module. Published adapters have 8 to 256.</summary>
    public const int MaxRank = 512;

    internal LoraConfig(string source, int rank, double alpha, LoraPattern ranks, LoraPattern alphas, bool rslora, double dropout, IReadOnlyList<string>? targets)
    {
        (Source, Rank, Alpha, Ranks, Alphas, UsesRslora, Dropout, Targets) = (source, rank, alpha, ranks, alphas, rslora, dropout, targets);
    }

    /// <summary>Path of the file.</summary>
    public string Source { get; }

    /// <summary>The rank of modules that no pattern matches.</summary>
    public int Rank { get; }

    /// <summary>The alpha of modules that no pattern matches.</summary>
    public double Alpha { get; }

    /// <summary>Whether the scale is alpha / sqrt(rank) and not alpha / rank.</summary>
    public bool UsesRslora { get; }

    /// <summary>The part of the inputs that training drops.</summary>
    public double Dropout { get; }

    /// <summary>Whether any module has a rank or an alpha of its own.</summary>
    public bool HasPatterns => !Ranks.IsEmpty || !Alphas.IsEmpty;

    /// <summary>The endings of the names of adapted modules; null if the file describes them by a regular expression or as all linear modules.</summary>
    public IReadOnlyList<string>? Targets { get; }

    internal LoraPattern Ranks { get; }

    internal LoraPattern Alphas { get; }

    /// <summary>Reads the settings of an adapter's folder.</summary>
    /// <exception cref="ModelException">The file is missing or damaged, or asks for something that is not supported. The message names the field.</exception>
    public static LoraConfig Load(string directory) => LoraConfigReader.Read(directory);

    /// <summary>The rank of a module, by its name in the model.</summary>
    public int RankOf(string module) => (int)(Ranks.Find(module) ?? Rank);

    /// <summary>The factor of a module's product, by its name in the model.</summary>
    public float ScaleOf(string module)
    {
        double rank = RankOf(module);
        return (float)((Alphas.Find(module) ?? Alpha) / (UsesRslora ? Math.Sqrt(rank) : rank));
    }
}
