using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>The command line of hunyuan-silo: one option for each setting, a settings file, and help. It does not know what the values mean.</summary>
public sealed class SiloCommandLine
{
    /// <summary>Stands between the options of two silos of one process.</summary>
    public const string And = "--and";

    /// <summary>Stands between the values of a setting that is a list.</summary>
    public const char ListSeparator = ';';

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

    /// <summary>The arguments of each silo of the process.</summary>
    /// <param name="args">The arguments of the process.</param>
    public static IEnumerable<string[]> Split(string[] args)
    {
        int begin = 0;
        while (Array.IndexOf(args, And, begin) is >= 0 and int end)
        {
            yield return args[begin..end];
            begin = end + 1;
        }

        yield return args[begin..];
    }

    /// <summary>
    /// Reads arguments: --option value, --option=value, and --option alone if its value is true or false. The last one of the same
    /// name counts, unless the setting is a list.
    /// </summary>
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
            throw new SettingsException(NotAnOption(unknown));
        }

        Dictionary<string, string?> values = [];
        string? file = null;
        foreach ((Option option, Setting? setting) in options)
        {
            if (parsed.GetResult(option) is not { Implicit: false } given)
            {
                continue;
            }

            string value = Value(option.Name, given, isBoolean: setting?.Type == typeof(bool), args);
            if (setting is null)
            {
                file = value;
            }
            else
            {
                values[setting.Key] = setting.Flag.Repeats ? All(option.Name, given, args) : value;
            }
        }

        return new(values, file, false);
    }

    /// <summary>Writes what --help prints.</summary>
    public static void WriteHelp(TextWriter output) => CreateCommand().Root.Parse("--help").Invoke(new InvocationConfiguration { Output = output });

    private static string Value(string option, OptionResult given, bool isBoolean, IReadOnlyList<string> args)
    {
        // The parser takes an unknown option for the value of the option in front of it.
        if (given.Tokens.Select(static token => token.Value).FirstOrDefault(value => IsOption(value) && args.Contains(value)) is { } unknown)
        {
            throw new SettingsException(isBoolean ? NotAnOption(unknown) : $"{option} lacks its value.");
        }

        int last = args.Count - 1;
        while (!Gives(args[last], option))
        {
            last--;
        }

        // The parser sees no value in --option=, which means an empty one.
        return args[last].Length == option.Length + 1 ? ""
            : args[last] != option || (last + 1 < args.Count && !IsOption(args[last + 1])) ? given.Tokens[^1].Value
            : isBoolean ? "true"
            : throw new SettingsException($"{option} lacks its value.");
    }

    // Values by themselves have no semicolon: it would make two of one.
    private static string All(string option, OptionResult given, IReadOnlyList<string> args) =>
        given.Tokens.Count == args.Count(argument => Gives(argument, option)) && !given.Tokens.Any(static token => token.Value.Contains(ListSeparator, StringComparison.Ordinal))
            ? string.Join(ListSeparator, given.Tokens.Select(static token => token.Value))
            : throw new SettingsException($"{option} lacks a value, or one of its values has a {ListSeparator}.");

    // The parser also accepts --option:value.
    private static bool Gives(string argument, string option) =>
        argument.StartsWith(option, StringComparison.Ordinal) && (argument.Length == option.Length || argument[option.Length] is '=' or ':');

    private static bool IsOption(string argument) => argument.StartsWith("--", StringComparison.Ordinal);

    private static string NotAnOption(string argument) =>
        IsOption(argument) ? $"{argument.Split('=')[0]} is not an option. See --help." : $"'{argument}' is not an option. See --help.";

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

            --and begins the options of another silo in the same process. They share its metrics, and if one fails, all end.
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
