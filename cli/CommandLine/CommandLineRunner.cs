using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>
/// Parses a command line, runs its verb, and turns every error into one line on the error stream and an exit code. It knows no verb
/// by name.
/// </summary>
internal static class CommandLineRunner
{
    // A prompt that starts with @ is text, not the name of a file with more arguments.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments after the program name.</param>
    /// <param name="streams">Where output and errors go; its handling of signals and exceptions is set here.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, InvocationConfiguration streams)
    {
        // Numbers and messages are the same on every machine.
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        streams.EnableDefaultExceptionHandler = false;
        // Each verb decides what Ctrl-C means for it.
        streams.ProcessTerminationTimeout = null;

        ParseResult parsed = CommandTree.Create().Parse(args, Parsing);
        string name = FullName(parsed.CommandResult.Command);
        if (parsed.Errors.Count > 0)
        {
            // A word that is not understood explains the other errors.
            string message = parsed.UnmatchedTokens.Count > 0
                ? $"Unknown option or argument '{parsed.UnmatchedTokens[0]}'."
                : parsed.Errors[0].Message;
            return Fail(streams, name, $"{message} See '{name} --help'.", ExitCode.Usage);
        }

        try
        {
            return await parsed.InvokeAsync(streams);
        }
        catch (UsageException e)
        {
            return Fail(streams, name, $"{e.Message} See '{name} --help'.", ExitCode.Usage);
        }
        catch (Exception e)
        {
            return Fail(streams, name, Describe(e), ExitCode.Failure);
        }
        finally
        {
            await streams.Output.FlushAsync();
        }
    }

    private static string Describe(Exception error) => error switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        // NotSupportedException: something this machine lacks, such as the instruction set asked for.
        ModelException or TextException or IOException or UnauthorizedAccessException or NotSupportedException => error.Message,
        OperationCanceledException => "Stopped.",
        JsonException => $"Not valid JSON: {error.Message}",
        OutOfMemoryException => "Not enough memory.",
        _ => $"Unexpected {error.GetType().Name}: {error.Message}",
    };

    private static int Fail(InvocationConfiguration streams, string name, string message, int code)
    {
        streams.Error.WriteLine($"{name}: {message.ReplaceLineEndings(" ")}");
        return code;
    }

    private static string FullName(Command command) =>
        command is RootCommand ? "hunyuan" : $"hunyuan {command.Name}";
}
