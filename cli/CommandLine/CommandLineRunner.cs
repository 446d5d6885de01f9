using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Engine;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Parses a command line, runs its verb, and turns every error into one line on the error stream and an exit code.</summary>
internal static class CommandLineRunner
{
    // Response files are off, because a prompt may start with @.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments after the program name.</param>
    /// <param name="streams">The output and error streams; this method sets its handling of signals and exceptions.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, InvocationConfiguration streams)
    {
        // Numbers and messages must be the same on every machine.
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        streams.EnableDefaultExceptionHandler = false;
        // Each verb handles Ctrl-C itself.
        streams.ProcessTerminationTimeout = null;

        ParseResult parsed = CommandTree.Create().Parse(args, Parsing);
        string name = FullName(parsed.CommandResult.Command);
        try
        {
            int code = await InvokeAsync(parsed, name, streams);
            await streams.Output.FlushAsync();
            return code;
        }
        catch (ClosedPipeException)
        {
            // Nobody reads what could be said about it.
            return ExitCode.ClosedPipe;
        }
        catch (IOException e)
        {
            // The output could not be written, for example because a disk is full.
            return Fail(streams, name, e.Message, ExitCode.Failure);
        }
    }

    private static async Task<int> InvokeAsync(ParseResult parsed, string name, InvocationConfiguration streams)
    {
        if (parsed.Errors.Count > 0)
        {
            // An unknown word causes the other errors, so it alone is reported.
            string message = parsed.UnmatchedTokens.Count > 0
                ? $"Unknown option or argument '{parsed.UnmatchedTokens[0]}'."
                : parsed.Errors[0].Message;
            return Fail(streams, name, $"{message} See '{name} --help'.", ExitCode.Usage);
        }

        try
        {
            return await parsed.InvokeAsync(streams);
        }
        catch (Exception e) when (ClosedPipeException.IsCauseOf(e))
        {
            return ExitCode.ClosedPipe;
        }
        catch (UsageException e)
        {
            return Fail(streams, name, $"{e.Message} See '{name} --help'.", ExitCode.Usage);
        }
        catch (Exception e)
        {
            return Fail(streams, name, Describe(e), ExitCode.Failure);
        }
    }

    private static string Describe(Exception error) => error switch
    {
        AggregateException { InnerException: { } inner } => Describe(inner),
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        _ when UserErrors.IsForUsers(error) => error.Message,
        // NotSupportedException means that the machine lacks something, such as the requested instruction set.
        IOException or UnauthorizedAccessException or NotSupportedException => error.Message,
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
