namespace HunyuanOrleans.Train.Optimization;

/// <summary>How the learning rate changes after the warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>Half a cosine from the learning rate to the smallest one.</summary>
    CosineWithMinLr,

    /// <summary>Half a cosine to zero.</summary>
    Cosine,

    /// <summary>A line to zero.</summary>
    Linear,

    /// <summary>It stays.</summary>
    ConstantWithWarmup,

    /// <summary>It stays, and there is no warm-up.</summary>
    Constant,
}

/// <summary>The names of <see cref="ScheduleKind"/> on the command line.</summary>
public static class ScheduleKinds
{
    /// <summary>All names, in the order of the enumeration.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cosine_with_min_lr", "cosine", "linear", "constant_with_warmup", "constant"];

    /// <summary>The kind with a name.</summary>
    public static ScheduleKind Parse(string name)
    {
        for (int i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
            {
                return (ScheduleKind)i;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(name), name, $"Allowed: {string.Join(", ", Names)}.");
    }
}
