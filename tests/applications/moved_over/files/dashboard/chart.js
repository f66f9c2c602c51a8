draw("orders by month");
