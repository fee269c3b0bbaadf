"""An invented province with as many dossiers as asked, for measuring pages: made once a store, kept between runs."""
