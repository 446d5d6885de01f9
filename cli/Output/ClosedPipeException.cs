namespace HunyuanOrleans.Cli.Output;

/// <summary>The program that reads this command's output through a pipe has ended or closed the pipe.</summary>
internal sealed class ClosedPipeException() : IOException("The reader of the output has closed the pipe.")
{
    /// <summary>Whether an error is a closed pipe, or was caused by one.</summary>
    public static bool IsCauseOf(Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is ClosedPipeException)
            {
                return true;
            }
        }

        return false;
    }
}
