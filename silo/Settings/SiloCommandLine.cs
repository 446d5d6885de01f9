using System.CommandLine;
using System.CommandLine.Help;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>The command line of hunyuan-silo: one option for each setting, a settings file, and help. It does not know what the values mean.</summary>
public sealed class SiloCommandLine
{
    private const string SettingsFileOption = "--settings";

    // An argument that starts with @ is a value, not the name of a file with more arguments.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private SiloCommandLine(Dictionary<string, string?> values, string? file, bool help)
    {
        Values = values;
        File = file;
        Help = help;
    }

    /// <summary>Values by configuration key.</summary>
    public IReadOnlyDictionary<string, string?> Values { get; }

    /// <summary>A JSON file with more settings, which options and environment variables override; null for none.</summary>
    public string? File { get; }

    /// <summary>Whether to print help and end.</summary>
    public bool Help { get; }

    /// <summary>Reads arguments: --option value, --option=value, and --option alone if its value is true or false. The last one of the same name counts.</summary>
    /// <param name="args">The arguments.</param>
    /// <exception cref="SettingsException">An option is unknown or lacks its value.</exception>
    public static SiloCommandLine Parse(IReadOnlyList<string> args)
    {
        (RootCommand root, Dictionary<Option, Setting?> options, HelpOption help) = CreateCommand();
        ParseResult parsed = root.Parse(args, Parsing);
        if (parsed.GetResult(help) is not null)
        {
            return new([], null, true);
        }

        if (parsed.UnmatchedTokens is [{ } unknown, ..])
        {
            throw new SettingsException(unknown.StartsWith("--", StringComparison.Ordinal)
                ? $"{unknown.Split('=')[0]} is not an option. See --help."
                : $"'{unknown}' is not an option. See --help.");
        }

        Dictionary<string, string?> values = [];
        string? file = null;
        foreach ((Option option, Setting? setting) in options)
        {
            if (parsed.GetResult(option) is not { Implicit: false } given)
            {
                continue;
            }

            string value = Value(given.Tokens.Count > 0 ? given.Tokens[^1].Value : null, option.Name, setting, args);
            if (setting is null)
            {
                file = value;
            }
            else
            {
                values[setting.Key] = value;
            }
        }

        return new(values, file, false);
    }

    /// <summary>Writes what --help prints.</summary>
    public static void WriteHelp(TextWriter output) => CreateCommand().Root.Parse("--help").Invoke(new InvocationConfiguration { Output = output });

    private static string Value(string? token, string option, Setting? setting, IReadOnlyList<string> args)
    {
        // The parser takes an unknown option behind this one for its value.
        if (token is not null && !token.StartsWith("--", StringComparison.Ordinal))
        {
            return token;
        }

        // The parser sees no value in --option=, which gives an empty one.
        return token is null && args.Contains($"{option}=") ? ""
            : token is null && setting?.Type == typeof(bool) ? "true"
            : throw new SettingsException($"{option} lacks its value.");
    }

    private static (RootCommand Root, Dictionary<Option, Setting?> Options, HelpOption Help) CreateCommand()
    {
        Dictionary<Option, Setting?> options = [];
        foreach (Setting setting in SettingTable.All)
        {
            string suffix = setting.Flag.Default.Length > 0 ? $" [default: {setting.Flag.Default}]" : "";
            options.Add(CreateOption($"--{setting.Flag.Name}", setting.Flag.Help + suffix, setting.Placeholder), setting);
        }

        options.Add(CreateOption(SettingsFileOption, "JSON file with settings", "FILE"), null);
        RootCommand root = new(
            """
            One silo of a cluster that serves Hunyuan models.

            Every option can also be given in the environment (--silo-port as HUNYUAN_SILO_PORT), or in a JSON file with the sections Silo, Clustering and Tls.
            """);
        HelpOption help = new();
        root.Directives.Clear();
        root.Options.Clear();
        foreach (Option option in options.Keys)
        {
            root.Options.Add(option);
        }

        root.Options.Add(help);
        return (root, options, help);
    }

    // Any number of values, because the last one counts; none, because a missing one is reported here.
    private static Option CreateOption(string name, string help, string placeholder) =>
        new Option<string[]>(name) { Description = help, HelpName = placeholder, Arity = ArgumentArity.ZeroOrMore };
}
