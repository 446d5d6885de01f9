using System.CommandLine;
using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Creates options whose value is an amount of memory.</summary>
internal static class ByteSizeOption
{
    /// <summary>Creates an option that takes an amount of at least one byte.</summary>
    public static Option<long?> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (MemorySize.Parse(text) is long bytes)
            {
                return bytes;
            }

            result.AddError($"{name} must be an amount such as {MemorySize.Examples}, not '{text}'.");
            return null;
        },
    };
}
