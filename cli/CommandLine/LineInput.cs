using System.CommandLine;
using System.Text;
using HunyuanOrleans.Cli.Output;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Reads lines from the terminal, with a prompt and hints, or from a pipe, without them.</summary>
internal sealed class LineInput
{
    private readonly TextWriter _output;
    private readonly StreamReader? _pipe;
    private readonly bool _interactive;

    /// <summary>Reads from the standard input; prompts and hints are written to the output of <paramref name="streams"/>.</summary>
    public LineInput(InvocationConfiguration streams)
    {
        _output = streams.Output;
        _pipe = Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false)) : null;
        _interactive = _pipe is null && !Console.IsOutputRedirected;
    }

    /// <summary>Reads the next line; null at the end of the input.</summary>
    public string? Read()
    {
        if (_pipe is not null)
        {
            return _pipe.ReadLine();
        }

        using InterruptHandler interrupt = new();
        using CancellationTokenRegistration hint = interrupt.Token.Register(() => WriteHint("\nPress Ctrl-C again, or Ctrl-D, to leave."));
        if (_interactive)
        {
            _output.Write(TerminalFeatures.IsInteractive ? "\u001b[1m>\u001b[0m " : "> ");
            _output.Flush();
        }

        return Console.ReadLine();
    }

    /// <summary>Writes a line to an interactive terminal, and nothing elsewhere.</summary>
    public void WriteHint(string text)
    {
        if (_interactive)
        {
            _output.WriteLine(text);
            _output.Flush();
        }
    }
}
