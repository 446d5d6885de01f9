using System.Text;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>Reads --flag value, --flag=value, and --flag alone for what is true or false. It does not know what the values mean.</summary>
public sealed class CommandLine
{
    private const string SettingsFile = "settings", HelpFlag = "help";

    private CommandLine(Dictionary<string, string?> values, string? file, bool help)
    {
        Values = values;
        File = file;
        Help = help;
    }

    /// <summary>Values by configuration key.</summary>
    public IReadOnlyDictionary<string, string?> Values { get; }

    /// <summary>A JSON file with more settings; flags and the environment win over it.</summary>
    public string? File { get; }

    /// <summary>Whether only help is wanted.</summary>
    public bool Help { get; }

    /// <summary>What --help prints.</summary>
    public static string HelpText
    {
        get
        {
            var text = new StringBuilder("""
                hunyuan-silo  one silo of a cluster that serves Hunyuan models

                Every option can also be given in the environment (--silo-port as HUNYUAN_SILO_PORT), or in a JSON file with the sections
                Silo, Clustering and Tls. After the semicolon: the default.


                """);
            foreach (Setting setting in SettingTable.All)
            {
                text.Append($"  --{setting.Flag.Name,-34}{setting.Flag.Help}\n");
            }

            return text.Append($"  --{SettingsFile,-34}JSON file with settings\n  --{HelpFlag,-34}prints this\n").ToString();
        }
    }

    /// <summary>Reads arguments.</summary>
    /// <param name="args">The arguments.</param>
    /// <exception cref="SettingsException">One is unknown or lacks its value.</exception>
    public static CommandLine Read(IReadOnlyList<string> args)
    {
        Dictionary<string, string?> values = [];
        string? file = null;
        bool help = false;
        for (int i = 0; i < args.Count; i++)
        {
            if (args[i] is "-h" or "-?" or $"--{HelpFlag}")
            {
                help = true;
                continue;
            }

            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                throw new SettingsException($"'{args[i]}' is not an option. See --help.");
            }

            string name = args[i][2..];
            string? value = null;
            if (name.IndexOf('=') is > 0 and int equals)
            {
                (name, value) = (name[..equals], name[(equals + 1)..]);
            }

            Setting? setting = SettingTable.All.FirstOrDefault(s => s.Flag.Name == name);
            if (setting is null && name != SettingsFile)
            {
                throw new SettingsException($"--{name} is not an option. See --help.");
            }

            bool follows = i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            value ??= follows ? args[++i] : setting?.Type == typeof(bool) ? "true" : throw new SettingsException($"--{name} lacks its value.");
            if (setting is null)
            {
                file = value;
            }
            else
            {
                values[setting.Key] = value;
            }
        }

        return new(values, file, help);
    }
}
